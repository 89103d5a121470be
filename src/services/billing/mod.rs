//! What accounts would owe AWS, and `AWS/Billing`: `EstimatedCharges` by service and in total, in US East (N. Virginia)
//! whatever the Region of the usage
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html>).
//!
//! AWS reports charges once an account asks for it in the console, for which there is no API. Here the first admin call
//! that names the account does it: usage counts from then on. No account pays for others, so no metric has a
//! `LinkedAccount`.

pub mod orders;
mod prices;
mod usage;

use std::collections::BTreeMap;

use chrono::{Datelike, DurationRound, TimeDelta, Timelike};

use crate::services::cloudwatch;
use crate::world::World;
use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;

/// The only currency of prices.
const CURRENCY: &str = "USD";
/// How often usage is read.
const READING: TimeDelta = TimeDelta::hours(1);
/// Hours between reports of charges.
const REPORT_HOURS: u32 = 6;

/// An account's charges of the month that goes on.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The first moment of the month, in UTC.
    month: Time,
    /// Until when usage has been read.
    read: Time,
    /// By name, as the dimension `ServiceName` has it. Services of former months stay.
    services: BTreeMap<String, Charges>,
    /// Prices that differ from those that we know, by service and type of usage.
    prices: BTreeMap<(String, String), f64>,
}

/// What a service has cost in this month.
#[derive(Clone, Debug, Default)]
struct Charges {
    /// What was told as an amount of money.
    spent: f64,
    /// Quantities by type of usage.
    usage: BTreeMap<String, f64>,
}

impl Ledger {
    fn new(now: Time) -> Ledger {
        Ledger { month: month_of(now), read: now, services: BTreeMap::new(), prices: BTreeMap::new() }
    }

    fn use_up(&mut self, service: &str, usage_type: &str, quantity: f64) {
        if quantity > 0.0 {
            let charges = self.services.entry(service.to_owned()).or_default();
            *charges.usage.entry(usage_type.to_owned()).or_default() += quantity;
        }
    }

    fn price(&self, service: &str, usage_type: &str) -> Option<f64> {
        let own = self.prices.get(&(service.to_owned(), usage_type.to_owned())).copied();
        own.or_else(|| prices::find(service, usage_type).map(|price| price.usd))
    }

    fn charge(&self, service: &str, charges: &Charges) -> f64 {
        let used = charges.usage.iter();
        let used = used.map(|(usage_type, quantity)| self.price(service, usage_type).unwrap_or_default() * quantity);
        charges.spent + used.sum::<f64>()
    }

    /// What each service costs.
    fn charges(&self) -> impl Iterator<Item = (&str, f64)> {
        self.services.iter().map(|(service, charges)| (service.as_str(), self.charge(service, charges)))
    }

    fn begin_month(&mut self, month: Time) {
        self.month = month;
        self.services.values_mut().for_each(|charges| *charges = Charges::default());
    }
}

/// Counts a client's call, if calls of its kind cost something and the account's charges are reported.
pub fn called(world: &mut World, account: &AccountId, service: &str, operation: &str) {
    let ledger = world.accounts.get_mut(account).and_then(|account| account.billing.as_mut());
    if let Some(ledger) = ledger
        && let Some((service, usage_type)) = prices::of_call(service, operation)
    {
        ledger.use_up(service, usage_type, 1.0);
    }
}

/// Reads what an account has used since the last time, and reports its charges when it is time for that.
pub fn tick(world: &mut World, account: &AccountId) {
    let now = world.now;
    read(world, account);
    if now.hour().is_multiple_of(REPORT_HOURS) {
        report(world, account);
    }
    let Some(ledger) = ledger(world, account) else { return };
    // The first report of a month is the last one on the month before.
    if ledger.month != month_of(now) {
        ledger.begin_month(month_of(now));
    }
    schedule(world, account);
}

fn ledger<'a>(world: &'a mut World, account: &AccountId) -> Option<&'a mut Ledger> {
    world.accounts.get_mut(account)?.billing.as_mut()
}

fn read(world: &mut World, account: &AccountId) {
    let now = world.now;
    let Some(since) = ledger(world, account).map(|ledger| std::mem::replace(&mut ledger.read, now)) else { return };
    let used = usage::since(world, account, since);
    if let Some(ledger) = ledger(world, account) {
        used.iter().for_each(|((service, usage_type), quantity)| ledger.use_up(service, usage_type, *quantity));
    }
}

fn report(world: &mut World, account: &AccountId) {
    let Some(ledger) = ledger(world, account) else { return };
    let charges: Vec<(String, f64)> = ledger.charges().map(|(service, charge)| (service.to_owned(), charge)).collect();
    let total = charges.iter().map(|(_, charge)| charge).sum();
    publish(world, account, &[("Currency", CURRENCY)], total);
    for (service, charge) in &charges {
        publish(world, account, &[("ServiceName", service), ("Currency", CURRENCY)], *charge);
    }
}

fn publish(world: &mut World, account: &AccountId, dimensions: &[(&str, &str)], charge: f64) {
    let place = (account, Region::US_EAST_1);
    cloudwatch::publish(world, place, ("AWS/Billing", "EstimatedCharges"), dimensions, cents(charge), "None");
}

fn schedule(world: &mut World, account: &AccountId) {
    let next = world.now.duration_trunc(READING).unwrap_or(world.now) + READING;
    world.jobs.at(next, Job::Billing { account: account.clone() });
}

/// Charges are told in whole cents.
fn cents(charge: f64) -> f64 {
    (charge * 100.0).round() / 100.0
}

fn month_of(time: Time) -> Time {
    let first = time.duration_trunc(TimeDelta::days(1)).unwrap_or(time);
    first - TimeDelta::days(i64::from(first.day0()))
}

/// The next month's first moment.
fn month_after(month: Time) -> Time {
    month_of(month + TimeDelta::days(31))
}

/// When charges are reported next.
fn next_report(now: Time) -> Time {
    let span = TimeDelta::hours(i64::from(REPORT_HOURS));
    now.duration_trunc(span).unwrap_or(now) + span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn months_in_utc() {
        let check = |time, first, next| {
            assert_eq!(month_of(at(time)), at(first), "{time}");
            assert_eq!(month_after(at(first)), at(next), "{time}");
        };
        check("2026-01-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        check("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        check("2024-12-05T07:00:00Z", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z");
    }

    #[test]
    fn charges_add_up_to_cents() {
        let mut ledger = Ledger::new(at("2026-01-15T10:00:00Z"));
        ledger.services.entry("AmazonEC2".into()).or_default().spent = 10.006;
        ledger.use_up("AmazonEC2", "BoxUsage:t3.micro", 100.0);
        ledger.use_up("AmazonEC2", "BoxUsage:u-24tb1.metal", 1.0);
        let charge = |ledger: &Ledger| ledger.charges().map(|(_, charge)| cents(charge)).collect::<Vec<_>>();
        // 100 hours of $0.0104; of what has no price, nothing.
        assert_eq!(charge(&ledger), [11.05]);
        ledger.prices.insert(("AmazonEC2".into(), "BoxUsage:t3.micro".into()), 1.0);
        assert_eq!(charge(&ledger), [110.01]);
        ledger.begin_month(at("2026-02-01T00:00:00Z"));
        assert_eq!(charge(&ledger), [0.0]);
    }
}
