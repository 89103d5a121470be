//! Digest files: the signed chain over a trail's log files.
//!
//! Each hour, in each Region that a trail covers, a digest lists the log files delivered since the last one, with
//! their hashes, and the hash and signature of the digest before. The first one of a chain ends at the second of
//! the start and lists nothing; the last one ends when logging or validation is switched off. Log files that are
//! delivered after that are listed by a backfill digest.

use chrono::{SubsecRound, TimeDelta};

use crate::world::jobs::Job;
use crate::world::scope::{AccountId, Region};
use crate::world::time::Time;
use crate::world::{Cadence, World};

use super::delivery::{self, LogFile, Place};
use super::digest_file::{Draft, Kind, Link, Listed, Signed};

/// The digests of a trail in one Region.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The hour under way; `None` while no chain is open.
    period: Option<Period>,
    /// Log files that no digest lists yet, in the order of delivery.
    files: Vec<Waiting>,
    /// What the next digest refers to: the last one of the open chain, or the last backfill digest.
    previous: Option<Link>,
    backfilled: Option<Link>,
    /// End of the last digest. Ends never repeat, because names are made of them.
    end: Option<Time>,
    /// Digests that are made and signed, but not in the bucket yet.
    unsent: Vec<Signed>,
    failures: u32,
    /// When a digest was last delivered, or why it could not be (S3's error code).
    pub last_delivery: Option<Time>,
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Period {
    start: Time,
    end: Time,
    /// The chain ends here.
    last: bool,
}

/// A delivered log file that waits for its digest.
#[derive(Clone, Debug)]
struct Waiting {
    file: Listed,
    delivered: Time,
}

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Opens a chain in each Region that a trail covers, where none is open: when logging or validation was switched
/// on, or the trail covers more Regions. Ends those of Regions that it covers no longer.
pub fn start(world: &mut World, account: &AccountId, trail: &str) {
    let regions: &[Region] = match world.account(account).trails.get(trail) {
        Some(trail) if trail.multi_region => &Region::DEFAULT,
        Some(trail) => &[trail.home],
        None => return,
    };
    for place in places(world, account, trail).into_iter().filter(|place| !regions.contains(&place.region)) {
        end(world, &place);
    }
    for region in regions {
        open(world, &Place::new(account, trail, *region));
    }
}

/// Ends a trail's chains, with one last digest each, when logging or validation was switched off.
pub fn stop(world: &mut World, account: &AccountId, trail: &str) {
    for place in places(world, account, trail) {
        end(world, &place);
    }
}

/// Delivers what is pending and ends a trail's chains at once, before the trail is deleted.
pub fn finish(world: &mut World, account: &AccountId, trail: &str) {
    for place in places(world, account, trail) {
        end(world, &place);
        delivery::flush_place(world, &place);
        close_ended(world, &place);
        send(world, &place);
    }
}

fn places(world: &World, account: &AccountId, trail: &str) -> Vec<Place> {
    let found = world.accounts.get(account).and_then(|account| account.trails.get(trail));
    found
        .into_iter()
        .flat_map(|found| found.shipping.keys())
        .map(|region| Place::new(account, trail, *region))
        .collect()
}

fn open(world: &mut World, place: &Place) {
    let now = world.now.trunc_subsecs(0);
    if chain(world, place).and_then(|chain| chain.period).is_some_and(|period| period.last) {
        close_ended(world, place);
    }
    let Some(trail) = place.trail(world) else { return };
    let chain = &mut trail.shipping.entry(place.region).or_default().chain;
    if chain.period.is_none() {
        // What was delivered between two chains belongs to neither.
        chain.files.clear();
        chain.previous = None;
        chain.period = Some(Period { start: now - HOUR, end: now, last: false });
        schedule(world, place);
    }
}

fn end(world: &mut World, place: &Place) {
    let now = world.now.trunc_subsecs(0);
    if let Some(period) = chain(world, place).and_then(|chain| chain.period.as_mut()) {
        (period.end, period.last) = (now, true);
        schedule(world, place);
    }
}

/// Takes up a delivered log file. After the end of a chain it waits for a backfill digest, as long as validation
/// is on.
pub(super) fn list(world: &mut World, place: &Place, file: LogFile) {
    let delivered = world.now;
    let Some(trail) = place.trail(world) else { return };
    let validation = trail.validation;
    let Some(shipping) = trail.shipping.get_mut(&place.region) else { return };
    let is_open = shipping.chain.period.is_some();
    if is_open || (validation && shipping.chain.end.is_some()) {
        shipping.chain.files.push(Waiting { file: Listed::of(file), delivered });
    }
    if !is_open {
        schedule(world, place);
    }
}

/// Closes a trail's digest period in a Region, if it has ended, and delivers what is made.
pub fn digest(world: &mut World, account: &AccountId, trail: &str, region: Region) {
    let place = Place::new(account, trail, region);
    close_ended(world, &place);
    send(world, &place);
    schedule(world, &place);
}

/// Closes the period under way at this moment, and delivers what is made. The next one ends when this one would have.
pub(super) fn flush(world: &mut World, place: &Place) -> Vec<String> {
    close_ended(world, place);
    let now = world.now.trunc_subsecs(0);
    if let Some(chain) = chain(world, place)
        && let Some(period) = chain.period
        && (!chain.files.is_empty() || chain.end.is_none_or(|end| end < now))
    {
        let files = std::mem::take(&mut chain.files);
        let end = make(world, place, Kind::Hourly, (period.start, now), &files);
        if let Some(period) = chain_period(world, place) {
            period.start = end;
        }
    }
    let delivered = send(world, place);
    schedule(world, place);
    delivered
}

fn chain<'a>(world: &'a mut World, place: &Place) -> Option<&'a mut Chain> {
    Some(&mut place.shipping(world)?.chain)
}

fn chain_period<'a>(world: &'a mut World, place: &Place) -> Option<&'a mut Period> {
    chain(world, place)?.period.as_mut()
}

/// Sees to the next step: the end of the period, a backfill, or another try to deliver. AWS delivers a digest some
/// minutes after its hour, 19 in the median.
fn schedule(world: &mut World, place: &Place) {
    let delay = match world.settings.cadence {
        Cadence::Aws => TimeDelta::minutes(19),
        Cadence::Fast => TimeDelta::zero(),
    };
    let now = world.now;
    let Some(chain) = chain(world, place) else { return };
    let (failures, has_unsent) = (chain.failures, !chain.unsent.is_empty());
    let next = match chain.period {
        Some(period) => Some((period.end + delay).max(now)),
        None => (!chain.files.is_empty()).then_some(now),
    };
    let again = has_unsent.then(|| world.retry(failures));
    for due in next.into_iter().chain(again) {
        let job = Job::TrailDigest { account: place.account.clone(), trail: place.trail.clone(), region: place.region };
        world.jobs.at(due, job);
    }
}

/// Makes the digests of the periods that have ended, and of log files that came after the last one.
fn close_ended(world: &mut World, place: &Place) {
    let now = world.now;
    while let Some(period) = chain_period(world, place).copied().filter(|period| period.end <= now) {
        if period.last {
            delivery::flush_place(world, place);
        }
        let Some(chain) = chain(world, place) else { return };
        let listed = chain.files.partition_point(|file| period.last || file.delivered < period.end);
        let files: Vec<_> = chain.files.drain(..listed).collect();
        let end = make(world, place, Kind::Hourly, (period.start, period.end), &files);
        if let Some(chain) = self::chain(world, place) {
            chain.period = (!period.last).then(|| Period { start: end, end: period.end + HOUR, last: false });
        }
    }
    let Some(chain) = chain(world, place).filter(|chain| chain.period.is_none() && !chain.files.is_empty()) else {
        return;
    };
    let files = std::mem::take(&mut chain.files);
    let start = chain.end.unwrap_or(now);
    make(world, place, Kind::Backfill, (start, now.trunc_subsecs(0)), &files);
}

/// Makes and signs a digest over a period, and answers its end: later than wanted by seconds if there is one with
/// that end already.
fn make(world: &mut World, place: &Place, kind: Kind, (start, end): (Time, Time), files: &[Waiting]) -> Time {
    let now = world.now;
    let key = world.digest_keys.signing(place.region, now);
    let Some(trail) = place.trail(world) else { return end };
    let folder = delivery::folder(trail.prefix.as_deref());
    let Some(shipping) = trail.shipping.get_mut(&place.region) else { return end };
    let chain = &mut shipping.chain;
    let end = chain.end.map_or(end, |last| end.max(last + TimeDelta::seconds(1)));
    let previous = match kind {
        Kind::Hourly => &mut chain.previous,
        Kind::Backfill => &mut chain.backfilled,
    };
    let draft = Draft {
        account: &place.account,
        region: place.region,
        trail: &trail.name,
        home: trail.home,
        bucket: &trail.bucket,
        folder: &folder,
        kind,
        start,
        end,
        previous: previous.as_ref(),
        files: files.iter().map(|waiting| &waiting.file).collect(),
    };
    let signed = draft.sign(&key, now);
    *previous = Some(signed.link());
    chain.end = Some(end);
    chain.unsent.push(signed);
    end
}

/// Delivers the digests that are made, and answers where they are. After a failure the bucket's others wait, too.
fn send(world: &mut World, place: &Place) -> Vec<String> {
    let now = world.now;
    let Some(chain) = chain(world, place) else { return Vec::new() };
    let (mut delivered, mut kept, mut error) = (Vec::new(), Vec::<Signed>::new(), None);
    for signed in std::mem::take(&mut chain.unsent) {
        if kept.iter().any(|other| other.bucket == signed.bucket) {
            kept.push(signed);
            continue;
        }
        match delivery::put(world, place, &signed.bucket, &signed.key, &signed.text, signed.metadata()) {
            Ok(()) => delivered.push(format!("{}/{}", signed.bucket, signed.key)),
            Err(code) => {
                error = Some(code);
                kept.push(signed);
            }
        }
    }
    if let Some(chain) = self::chain(world, place) {
        chain.failures = if error.is_some() { chain.failures + 1 } else { 0 };
        if !delivered.is_empty() {
            chain.last_delivery = Some(now);
        }
        chain.last_error = error;
        chain.unsent = kept;
    }
    delivered
}

#[cfg(test)]
mod tests {
    use rsa::pkcs1::DecodeRsaPublicKey;
    use rsa::{Pkcs1v15Sign, RsaPublicKey};
    use serde_json::Value;

    use sha2::{Digest, Sha256};

    use super::super::keys::Period as KeyPeriod;
    use super::super::tests::{ACCOUNT, TRAIL, advance, trail, world};
    use super::*;
    use crate::world::hex::hex;

    const REAL: &str = include_str!("testdata/digest.json");

    fn account() -> AccountId {
        AccountId::parse(ACCOUNT).unwrap()
    }

    /// A world with a trail whose bucket does not exist: digests are made and kept.
    fn setup(now: &str) -> (World, Place) {
        let mut world = world(now);
        world.account(&account()).trails.insert(TRAIL.into(), trail("no-such-bucket"));
        start(&mut world, &account(), TRAIL);
        (world, Place::new(&account(), TRAIL, Region::US_EAST_1))
    }

    fn file(name: &str, time: &str) -> LogFile {
        let text = || time.to_owned();
        let bucket = "no-such-bucket".to_owned();
        LogFile { bucket, key: name.into(), text: name.into(), events: 1, oldest: text(), newest: text() }
    }

    /// Checks each digest as the rules say, and answers `start..end: files` of each.
    fn verify(world: &mut World, place: &Place) -> Vec<String> {
        let ring = world.digest_keys.ring.clone();
        let now = world.now;
        let chain = chain(world, place).unwrap();
        let mut previous: Option<&Signed> = None;
        let mut out = Vec::new();
        for signed in &chain.unsent {
            let document: Value = serde_json::from_str(&signed.text).unwrap();
            let member = |name: &str| document[name].as_str();
            assert_eq!(member("digestS3Bucket"), Some(signed.bucket.as_str()));
            assert_eq!(member("digestS3Object"), Some(signed.key.as_str()));
            let end = member("digestEndTime").unwrap();
            let key = ring.key(place.region, KeyPeriod::at(end.parse::<Time>().unwrap().min(now)));
            assert_eq!(member("digestPublicKeyFingerprint"), Some(key.fingerprint.as_str()));
            let hash = hex(&Sha256::digest(&signed.text));
            let before = member("previousDigestSignature").unwrap_or("null");
            let text = format!("{end}\n{}/{}\n{hash}\n{before}", signed.bucket, signed.key);
            let signature: Vec<u8> =
                (0..256).map(|at| u8::from_str_radix(&signed.signature[2 * at..2 * at + 2], 16).unwrap()).collect();
            let public = RsaPublicKey::from_pkcs1_der(&key.public).unwrap();
            public.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(text), &signature).unwrap();
            if let Some(object) = member("previousDigestS3Object") {
                let previous = previous.unwrap();
                assert_eq!(object, previous.key);
                assert_eq!(member("previousDigestHashValue"), Some(hex(&Sha256::digest(&previous.text)).as_str()));
                assert_eq!(before, previous.signature);
            }
            let files: Vec<_> = document["logFiles"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| file["s3Object"].as_str().unwrap())
                .collect();
            let link = if before == "null" { "new " } else { "" };
            let backfill = if signed.key.ends_with("_backfill.json.gz") { "backfill " } else { "" };
            out.push(format!("{backfill}{link}{}..{}: {}", member("digestStartTime").unwrap(), end, files.join(" ")));
            previous = Some(signed);
        }
        out
    }

    #[test]
    fn a_digest_has_the_members_of_a_real_one_in_order() {
        let (mut world, place) = setup("2020-09-11T18:36:49Z");
        advance(&mut world, "2020-09-11T18:36:50Z");
        list(&mut world, &place, file("a", "2020-09-11T18:32:04Z"));
        advance(&mut world, "2020-09-11T19:36:49Z");
        let ours: serde_json::Map<String, Value> =
            serde_json::from_str(&chain(&mut world, &place).unwrap().unsent[1].text).unwrap();
        let real: serde_json::Map<String, Value> = serde_json::from_str(REAL).unwrap();
        assert!(ours.keys().eq(real.keys()), "{ours:?}");
        let members = |document: &serde_json::Map<String, Value>| {
            document["logFiles"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(members(&ours), members(&real));
        for name in ["digestStartTime", "digestEndTime", "digestSignatureAlgorithm", "previousDigestHashAlgorithm"] {
            assert_eq!(ours[name], real[name], "{name}");
        }
    }

    #[test]
    fn a_chain_from_start_to_backfill() {
        let (mut world, place) = setup("2026-01-01T10:20:30.400Z");
        advance(&mut world, "2026-01-01T10:30:00Z");
        list(&mut world, &place, file("a", "2026-01-01T10:29:00Z"));
        list(&mut world, &place, file("b", "2026-01-01T10:29:30Z"));
        advance(&mut world, "2026-01-01T12:30:00Z");
        list(&mut world, &place, file("c", "2026-01-01T12:29:30Z"));
        flush(&mut world, &place);
        advance(&mut world, "2026-01-01T13:00:00Z");
        stop(&mut world, &account(), TRAIL);
        advance(&mut world, "2026-01-01T15:00:00Z");
        list(&mut world, &place, file("late", "2026-01-01T12:50:00Z"));
        advance(&mut world, "2026-01-01T16:00:00Z");
        start(&mut world, &account(), TRAIL);
        advance(&mut world, "2026-01-01T16:00:01Z");
        let expected = [
            "new 2026-01-01T09:20:30Z..2026-01-01T10:20:30Z: ",
            "2026-01-01T10:20:30Z..2026-01-01T11:20:30Z: b a",
            "2026-01-01T11:20:30Z..2026-01-01T12:20:30Z: ",
            "2026-01-01T12:20:30Z..2026-01-01T12:30:00Z: c",
            "2026-01-01T12:30:00Z..2026-01-01T13:00:00Z: ",
            "backfill new 2026-01-01T13:00:00Z..2026-01-01T15:00:00Z: late",
            "new 2026-01-01T15:00:00Z..2026-01-01T16:00:00Z: ",
        ];
        assert_eq!(verify(&mut world, &place), expected);
    }

    #[test]
    fn the_chain_goes_on_over_a_key_rotation() {
        let (mut world, place) = setup("2026-01-01T00:00:00Z");
        world.jobs.take(|_| true);
        let (_, until) = KeyPeriod::at(world.now).validity();
        let rotation = until - TimeDelta::days(10);
        chain(&mut world, &place).unwrap().period =
            Some(Period { start: rotation - HOUR * 2, end: rotation - HOUR, last: false });
        schedule(&mut world, &place);
        advance(&mut world, &(rotation + HOUR).to_rfc3339());
        assert_eq!(verify(&mut world, &place).len(), 3);
        let fingerprints: std::collections::BTreeSet<_> = chain(&mut world, &place)
            .unwrap()
            .unsent
            .iter()
            .map(|signed| signed.text.split('"').nth(23).unwrap().to_owned())
            .collect();
        assert_eq!(fingerprints.len(), 2);
    }

    #[test]
    fn ends_within_one_second_do_not_repeat() {
        let (mut world, place) = setup("2026-01-01T10:20:30Z");
        digest(&mut world, &account(), TRAIL, place.region);
        list(&mut world, &place, file("a", "2026-01-01T10:20:30Z"));
        flush(&mut world, &place);
        stop(&mut world, &account(), TRAIL);
        start(&mut world, &account(), TRAIL);
        digest(&mut world, &account(), TRAIL, place.region);
        let expected = [
            "new 2026-01-01T09:20:30Z..2026-01-01T10:20:30Z: ",
            "2026-01-01T10:20:30Z..2026-01-01T10:20:31Z: a",
            "2026-01-01T10:20:31Z..2026-01-01T10:20:32Z: ",
            "new 2026-01-01T09:20:30Z..2026-01-01T10:20:33Z: ",
        ];
        assert_eq!(verify(&mut world, &place), expected);
    }
}
