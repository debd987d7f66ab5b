//! Go's `time.Time`: an instant in a zone, and what can be computed from it.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::layout_write::{self, Clock};
use super::{civil, duration};
use crate::template::value::Value;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The instant of Go's zero time, 0001-01-01 00:00:00 UTC.
pub const ZERO: i64 = -62_135_596_800;

/// An instant in a zone.
#[derive(Clone, Debug)]
pub struct Time {
    /// Since 1970-01-01 UTC.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanos: i64,
    pub zone: Zone,
    /// Where the render is.
    pub here: TimeZone,
}

/// Where a time is.
#[derive(Clone, Debug)]
pub enum Zone {
    Utc,
    /// A zone of the database, not the local one.
    Place(TimeZone),
    /// The zone of the render.
    Local(TimeZone),
    /// An offset read from text, with the name it had there (perhaps none).
    Fixed {
        name: String,
        offset: i64,
    },
}

impl Zone {
    /// `time.LoadLocation`; an unknown name is UTC, as Sprig wants it. Zones come from the database that is
    /// compiled in: a render must not depend on the files of the machine.
    pub fn load(name: &str, local: &TimeZone) -> Self {
        match name {
            "" | "UTC" => Zone::Utc,
            "Local" => Zone::Local(local.clone()),
            _ => TimeZoneDatabase::bundled().get(name).map_or(Zone::Utc, Zone::Place),
        }
    }

    /// `Location.String`
    pub fn name(&self) -> String {
        match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Fixed { name, .. } => name.clone(),
            Zone::Place(zone) => zone.iana_name().unwrap_or_default().to_owned(),
            // Go calls it by what TZ says, and `Local` where it is a file of the machine.
            Zone::Local(zone) => zone.iana_name().unwrap_or("Local").to_owned(),
        }
    }

    /// Whether daylight saving is in force at an instant.
    pub fn is_summer(&self, seconds: i64) -> bool {
        match self {
            Zone::Utc | Zone::Fixed { .. } => false,
            Zone::Place(zone) | Zone::Local(zone) => zone.to_offset_info(timestamp(seconds)).dst().is_dst(),
        }
    }

    /// Offset in seconds and abbreviation at an instant.
    pub fn at(&self, seconds: i64) -> (i64, String) {
        match self {
            Zone::Utc => (0, "UTC".to_owned()),
            Zone::Fixed { name, offset } => (*offset, name.clone()),
            Zone::Place(zone) | Zone::Local(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                (i64::from(info.offset().seconds()), info.abbreviation().to_owned())
            }
        }
    }

    /// The instant of a wall-clock time, by Go's rule for times that do not exist or exist twice.
    pub fn instant(&self, wall: i64) -> i64 {
        let (offset, _) = self.at(wall);
        // Go looks the offset up at the wall time read as UTC, then again at the edges of that zone's period.
        let guess = wall - offset;
        let (actual, _) = self.at(guess);
        if actual == offset { guess } else { wall - actual }
    }
}

/// Clamped to the years that jiff knows; the rules of a zone do not change beyond them.
fn timestamp(seconds: i64) -> Timestamp {
    let (least, most) = (Timestamp::MIN.as_second() + DAY, Timestamp::MAX.as_second() - DAY);
    Timestamp::from_second(seconds.clamp(least, most)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Time {
    /// `time.Unix(seconds, 0)` in a zone.
    pub fn unix(seconds: i64, zone: Zone) -> Self {
        Time { seconds, nanos: 0, zone, here: TimeZone::UTC }
    }

    /// `time.Time{}`
    pub fn zero() -> Self {
        Time::unix(ZERO, Zone::Utc)
    }

    /// The time of a zoned instant.
    pub fn from_zoned(now: &jiff::Zoned) -> Self {
        let instant = now.timestamp();
        let nanos = i64::from(instant.subsec_nanosecond());
        let seconds = instant.as_second() - i64::from(nanos < 0);
        let here = now.time_zone().clone();
        Time { seconds, nanos: nanos.rem_euclid(duration::SECOND), zone: Zone::Local(here.clone()), here }
    }

    /// The same instant elsewhere.
    pub fn within(&self, zone: Zone) -> Self {
        Time { zone, ..self.clone() }
    }

    /// `Time.Add`
    pub fn add(&self, nanos: i64) -> Self {
        let total = self.nanos + nanos.rem_euclid(duration::SECOND);
        let seconds = self.seconds + nanos.div_euclid(duration::SECOND) + total.div_euclid(duration::SECOND);
        Time { seconds, nanos: total.rem_euclid(duration::SECOND), ..self.clone() }
    }

    /// `Time.Sub`: nanoseconds, at most what 64 bits hold.
    pub fn since(&self, earlier: &Time) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = seconds * i128::from(duration::SECOND) + i128::from(self.nanos - earlier.nanos);
        nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Day and clock in the time's zone.
    pub fn clock(&self) -> Clock {
        let (offset, zone_name) = self.zone.at(self.seconds);
        let wall = self.seconds.saturating_add(offset);
        let second = wall.rem_euclid(DAY);
        Clock {
            date: civil::date(wall.div_euclid(DAY)),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            nanos: self.nanos,
            offset,
            zone_name,
        }
    }

    /// `Time.Format`
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        layout_write::format(&self.clock(), layout)
    }
}

impl Time {
    /// Since 1970 in units of which a second has `per_second`; overflows wrap, as in Go.
    pub fn scaled(&self, per_second: i64) -> i64 {
        self.seconds.wrapping_mul(per_second).wrapping_add(self.nanos / (duration::SECOND / per_second))
    }

    /// `Time.Round` (halves up) and `Time.Truncate`: multiples of the first argument since Go's zero time.
    pub fn to_multiple(&self, args: &[Value], round: bool) -> Time {
        let multiple = match args.first() {
            Some(Value::Int(_, nanos)) if *nanos > 0 => *nanos,
            _ => return self.clone(),
        };
        let since = i128::from(self.seconds) - i128::from(ZERO);
        let nanos = since * i128::from(duration::SECOND) + i128::from(self.nanos);
        let rest = nanos.rem_euclid(i128::from(multiple)) as i64;
        if round && rest >= multiple - rest { self.add(multiple - rest) } else { self.add(-rest) }
    }

    /// `Time.AddDate`: a day that the month does not have runs over into the next.
    pub fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        /// Years beyond this would overflow the count of seconds.
        const FAR: i64 = 1_000_000;
        let clock = self.clock();
        let year = clock.date.year + years.clamp(-FAR, FAR);
        let month = clock.date.month + months.clamp(-FAR, FAR);
        let day = civil::days_before(year, month, clock.date.day + days.clamp(-FAR, FAR));
        let wall = day * DAY + clock.hour * 3600 + clock.minute * 60 + clock.second;
        Time { seconds: self.zone.instant(wall), ..self.clone() }
    }
}
