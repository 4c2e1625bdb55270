//! Cron schedules, as far as saying what is wrong with one. Models github.com/robfig/cron/v3.

/// What is wrong with a schedule; `None` if nothing is.
pub fn complaint(schedule: &str) -> Option<String> {
    if schedule.contains("TZ") {
        return Some("cannot use TZ or CRON_TZ in schedule, use timeZone field instead".into());
    }
    if let Some(word) = schedule.strip_prefix('@') {
        return descriptor(word, schedule);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    let ranges = [(0, 59, 0), (0, 23, 0), (1, 31, 0), (1, 12, 1), (0, 6, 2)];
    fields.iter().zip(ranges).find_map(|(field, range)| field.split(',').find_map(|part| one(part, range)))
}

fn descriptor(word: &str, schedule: &str) -> Option<String> {
    if matches!(word, "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly") {
        return None;
    }
    match word.strip_prefix("every ") {
        Some(duration) => base::Duration::parse(duration).err().map(|why| format!("failed to parse duration {schedule}: {why}")),
        None => Some(format!("unrecognized descriptor: {schedule}")),
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One `a-b/c` of a field; the third number of a range says which names it knows.
fn one(part: &str, (low, high, words): (u32, u32, u8)) -> Option<String> {
    let pieces: Vec<&str> = part.split('/').collect();
    let ends: Vec<&str> = pieces[0].split('-').collect();
    let number = |text: &str| number(text, words);
    let any = matches!(ends[0], "*" | "?");
    let (start, mut end) = if any {
        (low, high)
    } else {
        let start = match number(ends[0]) {
            Ok(start) => start,
            Err(why) => return Some(why),
        };
        match ends.as_slice() {
            [_] => (start, start),
            [_, end] => match number(end) {
                Ok(end) => (start, end),
                Err(why) => return Some(why),
            },
            _ => return Some(format!("too many hyphens: {part}")),
        }
    };
    let step = match pieces.as_slice() {
        [_] => 1,
        [_, step] => {
            let step = match self::number(step, 0) {
                Ok(step) => step,
                Err(why) => return Some(why),
            };
            if ends.len() == 1 {
                end = high;
            }
            step
        }
        _ => return Some(format!("too many slashes: {part}")),
    };
    if start < low {
        return Some(format!("beginning of range ({start}) below minimum ({low}): {part}"));
    }
    if end > high {
        return Some(format!("end of range ({end}) above maximum ({high}): {part}"));
    }
    if start > end {
        return Some(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
    }
    (step == 0).then(|| format!("step of range should be a positive number: {part}"))
}

fn number(text: &str, words: u8) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    let named = match words {
        1 => MONTHS.iter().position(|m| *m == lower).map(|at| at as u32 + 1),
        2 => DAYS.iter().position(|d| *d == lower).map(|at| at as u32),
        _ => None,
    };
    if let Some(number) = named {
        return Ok(number);
    }
    let number: i64 = text.parse().map_err(|_| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing {}: invalid syntax", crate::field::quote(text))
    })?;
    u32::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints() {
        for good in ["* * * * *", "*/5 0-3 1,15 jan-mar mon", "@daily", "@every 1h", "0 0 * * 6"] {
            assert_eq!(complaint(good), None, "{good}");
        }
        for (bad, want) in [
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("0 0 * * 8", "end of range (8) above maximum (6): 8"),
        ] {
            assert_eq!(complaint(bad).as_deref(), Some(want));
        }
    }
}
