//! The admin call on charges: money spent, usage, prices.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::World;
use crate::world::scope::AccountId;
use crate::world::time::Time;

use super::{CURRENCY, Charges, Ledger, cents, next_report, prices, schedule};

/// Services, types of usage and prices that a ledger has room for.
const LINES_MAX: usize = 1000;
/// Characters of a name: dimensions have so many.
const NAME_MAX: usize = 255;
/// The greatest amount, quantity or price.
const NUMBER_MAX: f64 = 1e12;

/// What the admin API takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// The default account, if none is named.
    account: Option<String>,
    #[serde(default)]
    spend: Vec<Spend>,
    #[serde(default)]
    prices: Vec<NewPrice>,
}

/// An amount of money, or a quantity of some usage.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spend {
    service: String,
    amount: Option<f64>,
    usage_type: Option<String>,
    quantity: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewPrice {
    service: String,
    usage_type: String,
    price: f64,
}

/// Has an account's charges reported from now on, sets prices, adds to the charges; answers what they come to.
///
/// # Errors
/// A sentence about what is wrong with the order. Nothing has changed then.
pub fn order(world: &mut World, order: &Order) -> Result<Value, String> {
    let account = match &order.account {
        None => world.settings.account.clone(),
        Some(text) => AccountId::parse(text).ok_or("account: expected twelve digits")?,
    };
    let now = world.now;
    let known = world.accounts.get(&account).and_then(|account| account.billing.clone());
    let is_new = known.is_none();
    let mut ledger = known.unwrap_or_else(|| Ledger::new(now));
    order.prices.iter().try_for_each(|price| ledger.set(price))?;
    order.spend.iter().try_for_each(|spend| ledger.spend(spend))?;
    let statement = ledger.statement(&account, now);
    world.account(&account).billing = Some(ledger);
    if is_new {
        schedule(world, &account);
    }
    Ok(statement)
}

impl Ledger {
    fn set(&mut self, price: &NewPrice) -> Result<(), String> {
        check_name("prices", &price.service)?;
        check_name("prices", &price.usage_type)?;
        check_number("price", price.price)?;
        self.prices.insert((price.service.clone(), price.usage_type.clone()), price.price);
        check_room("prices", self.prices.len())
    }

    fn spend(&mut self, spend: &Spend) -> Result<(), String> {
        check_name("spend", &spend.service)?;
        let is_priced = |usage_type: &String| self.price(&spend.service, usage_type).is_some();
        match (spend.amount, &spend.usage_type, spend.quantity) {
            (Some(amount), None, None) => {
                check_number("amount", amount)?;
                self.services.entry(spend.service.clone()).or_default().spent += amount;
            }
            (None, Some(usage_type), Some(quantity)) if is_priced(usage_type) => {
                check_number("quantity", quantity)?;
                self.use_up(&spend.service, usage_type, quantity);
            }
            (None, Some(usage_type), Some(_)) => {
                return Err(format!("spend: {usage_type} of {} has no price; set one with prices", spend.service));
            }
            _ => return Err("spend: expected amount, or usageType and quantity".to_owned()),
        }
        check_room("spend", self.services.len())
    }

    fn statement(&self, account: &AccountId, now: Time) -> Value {
        let services = self.services.iter().map(|(service, charges)| self.line(service, charges));
        json!({
            "account": account.as_str(),
            "currency": CURRENCY,
            "month": self.month.format("%Y-%m").to_string(),
            "nextReport": next_report(now).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            "estimatedCharges": cents(self.charges().map(|(_, charge)| charge).sum()),
            "services": services.collect::<Vec<_>>(),
        })
    }

    fn line(&self, service: &str, charges: &Charges) -> Value {
        let usage = charges.usage.iter().map(|(usage_type, quantity)| {
            let unit = prices::find(service, usage_type).map(|price| price.unit);
            let price = self.price(service, usage_type);
            json!({"usageType": usage_type, "unit": unit, "quantity": quantity, "price": price})
        });
        json!({
            "service": service,
            "estimatedCharges": cents(self.charge(service, charges)),
            "amount": charges.spent,
            "usage": usage.collect::<Vec<_>>(),
        })
    }
}

fn check_name(list: &str, name: &str) -> Result<(), String> {
    let is_name = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name { Ok(()) } else { Err(format!("{list}: expected a name of 1 to {NAME_MAX} ASCII characters")) }
}

fn check_number(member: &str, number: f64) -> Result<(), String> {
    let is_sound = (0.0..=NUMBER_MAX).contains(&number);
    if is_sound { Ok(()) } else { Err(format!("{member}: expected a number from 0 to {NUMBER_MAX:e}")) }
}

fn check_room(list: &str, lines: usize) -> Result<(), String> {
    if lines <= LINES_MAX { Ok(()) } else { Err(format!("{list}: an account has at most {LINES_MAX}")) }
}
