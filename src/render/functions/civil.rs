//! Days since 1970 to year, month and day and back, for any year (proleptic Gregorian, as Go's `time`).

/// A date of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    pub day: i64,
    /// 1 to 366.
    pub year_day: i64,
    /// 0 is Sunday.
    pub weekday: usize,
}

const DAYS_PER_ERA: i64 = 146_097;

/// The date so many days after 1970-01-01.
pub fn date(days: i64) -> Date {
    // The year begins in March here, so that the leap day comes last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(DAYS_PER_ERA), shifted.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date {
        year,
        month,
        day: day_of_year - (153 * march_month + 2) / 5 + 1,
        year_day: days - days_before(year, 1, 1) + 1,
        weekday: (days + 4).rem_euclid(7) as usize,
    }
}

/// Days from 1970-01-01 to this date; a month or day beyond its range runs over, as in `time.Date`.
pub fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - 719_468 + day - 1
}

/// Days of a month.
pub fn days_in(year: i64, month: i64) -> i64 {
    days_before(year, month + 1, 1) - days_before(year, month, 1)
}

/// Whether the year has 366 days.
pub fn is_leap(year: i64) -> bool {
    days_in(year, 2) == 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for days in (-800_000..800_000).step_by(97) {
            let date = date(days);
            assert_eq!(days_before(date.year, date.month, date.day), days);
        }
        assert_eq!(date(0), Date { year: 1970, month: 1, day: 1, year_day: 1, weekday: 4 });
        assert_eq!(date(-719_162).year, 1);
    }
}
