//! How departments behave, as a file says it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The departments of a city.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What everything follows from.
    pub seed: u64,
    /// The departments, in order.
    #[serde(rename = "department")]
    pub departments: Vec<Department>,
}

/// How a department behaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Its name: what it is called in configuration and catalogue.
    pub name: String,
    /// How long it takes.
    pub latency: Latency,
    /// How many of a thousand questions it fails with 500.
    #[serde(default)]
    pub error_permille: u16,
    /// How many of a thousand people it has nothing about.
    #[serde(default)]
    pub absent_permille: u16,
    /// How many of a thousand people it says the wrong name about.
    #[serde(default)]
    pub lie_permille: u16,
    /// When it does not answer at all.
    #[serde(default)]
    pub outage: Outage,
}

/// How long a department takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Latency {
    /// Always so long.
    Fixed {
        /// In milliseconds.
        ms: f64,
    },
    /// Anything between two times.
    Uniform {
        /// In milliseconds.
        from_ms: f64,
        /// In milliseconds.
        to_ms: f64,
    },
    /// Log-normal: half within the median, with a spread.
    LogNormal {
        /// In milliseconds.
        median_ms: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// Pareto: never less than the least, now and then very much more.
    Pareto {
        /// In milliseconds.
        least_ms: f64,
        /// The smaller, the longer the tail.
        alpha: f64,
    },
}

/// When a department does not answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outage {
    /// It always does.
    #[default]
    Never,
    /// It takes questions and never answers.
    Silent,
    /// It closes every connection.
    Dead,
    /// It closes every connection for the second part of each period, counted in questions about it.
    Flapping {
        /// Questions that it answers.
        up: u32,
        /// Questions that it does not answer, after those.
        down: u32,
    },
}

impl Latency {
    /// The time for these two numbers from 0 to 1.
    #[must_use]
    pub fn draw(&self, unit: f64, other: f64) -> Duration {
        // Never quite 0, of which there is no logarithm.
        let unit = unit.max(1e-9);
        let ms = match *self {
            Self::Fixed { ms } => ms,
            Self::Uniform { from_ms, to_ms } => from_ms + (to_ms - from_ms) * unit,
            Self::LogNormal { median_ms, sigma } => {
                // Box and Muller.
                let normal = (-2.0 * unit.ln()).sqrt() * (std::f64::consts::TAU * other).cos();
                median_ms * (sigma * normal).exp()
            }
            Self::Pareto { least_ms, alpha } => least_ms / unit.powf(1.0 / alpha),
        };
        Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)
    }

    fn is_good(&self) -> bool {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        match *self {
            Self::Fixed { ms } => ms.is_finite() && ms >= 0.0,
            Self::Uniform { from_ms, to_ms } => from_ms.is_finite() && from_ms >= 0.0 && positive(to_ms) && from_ms <= to_ms,
            Self::LogNormal { median_ms, sigma } => positive(median_ms) && positive(sigma),
            Self::Pareto { least_ms, alpha } => positive(least_ms) && positive(alpha),
        }
    }
}

impl Profile {
    /// The most departments.
    pub const DEPARTMENTS_MAX: usize = 1000;

    /// Reads a profile.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let profile: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if profile.departments.is_empty() || profile.departments.len() > Self::DEPARTMENTS_MAX {
            return Err(format!("a profile has 1 to {} departments", Self::DEPARTMENTS_MAX));
        }
        for department in &profile.departments {
            let name = &department.name;
            let is_name = !name.is_empty()
                && name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !is_name {
                return Err(format!("{name:?}: a name is made of small letters, digits and hyphens"));
            }
            if profile.departments.iter().filter(|other| other.name == *name).count() > 1 {
                return Err(format!("{name}: the name is used twice"));
            }
            if !department.latency.is_good() {
                return Err(format!("{name}: the latency is no time"));
            }
            let flaps_well = !matches!(department.outage, Outage::Flapping { up, down } if up == 0 || down == 0);
            let permilles = [department.error_permille, department.absent_permille, department.lie_permille];
            if !flaps_well || permilles.iter().any(|permille| *permille > 1000) {
                return Err(format!("{name}: a share is over 1000, or a period has nothing in it"));
            }
        }
        Ok(profile)
    }

    /// The built-in profile with this name (`city`, `one-fast`), or that in this file.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn named(name: &str, seed: u64) -> Result<Self, String> {
        match name {
            "city" => Ok(Self::city(seed)),
            "one-fast" => Ok(Self::one_fast(seed)),
            file => {
                let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
                Self::parse(&text).map_err(|reason| format!("{file}: {reason}"))
            }
        }
    }

    /// The profile as a file.
    ///
    /// # Errors
    /// When it cannot be written as one.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|error| error.to_string())
    }

    /// One department that answers at once: the floor.
    #[must_use]
    pub fn one_fast(seed: u64) -> Self {
        Self { seed, departments: vec![Department::good("fast", Latency::Fixed { ms: 0.0 })] }
    }

    /// Twelve departments: eight that are well, two of them with a long tail; one dead, one that takes seconds, one that flaps, and
    /// one that lies.
    #[must_use]
    pub fn city(seed: u64) -> Self {
        let log = |median_ms: f64, sigma: f64| Latency::LogNormal { median_ms, sigma };
        let departments = vec![
            Department::good("population", log(4.0, 0.4)),
            Department::good("housing", log(8.0, 0.5)),
            Department { absent_permille: 300, ..Department::good("marriage", log(6.0, 0.4)) },
            Department { absent_permille: 500, ..Department::good("company", log(10.0, 0.5)) },
            Department { error_permille: 5, ..Department::good("tax", log(15.0, 0.5)) },
            Department::good("social-security", log(12.0, 0.6)),
            Department::good("medical", Latency::Pareto { least_ms: 6.0, alpha: 1.1 }),
            Department::good("education", Latency::Pareto { least_ms: 10.0, alpha: 1.3 }),
            Department { outage: Outage::Dead, ..Department::good("dead", log(5.0, 0.3)) },
            Department::good("slow", Latency::Uniform { from_ms: 2000.0, to_ms: 5000.0 }),
            Department { outage: Outage::Flapping { up: 60, down: 30 }, ..Department::good("flapping", log(6.0, 0.4)) },
            Department { lie_permille: 500, ..Department::good("lying", log(7.0, 0.4)) },
        ];
        Self { seed, departments }
    }
}

impl Department {
    /// A department that always tells what it has, and has something about everybody.
    #[must_use]
    pub fn good(name: &str, latency: Latency) -> Self {
        let (error_permille, absent_permille, lie_permille) = (0, 0, 0);
        Self { name: name.to_owned(), latency, error_permille, absent_permille, lie_permille, outage: Outage::Never }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_file() {
        let city = Profile::city(7);
        let text = toml::to_string(&city).unwrap();
        assert_eq!(Profile::parse(&text).unwrap(), city);
        for (from, to) in
            [("seed = 7", "seed = 7\nmore = 1"), ("\"housing\"", "\"population\""), ("median_ms = 4.0", "median_ms = -4.0")]
        {
            assert!(text.contains(from) && Profile::parse(&text.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn times_are_as_they_are_said_to_be() {
        let mut chance = super::super::Chance::of(&[1]);
        let mut draw = |latency: &Latency| {
            let mut times: Vec<_> =
                (0..4001).map(|_| latency.draw(chance.unit(), chance.unit()).as_secs_f64() * 1000.0).collect();
            times.sort_by(f64::total_cmp);
            (times[0], times[2000], times[4000])
        };
        assert_eq!(draw(&Latency::Fixed { ms: 3.0 }), (3.0, 3.0, 3.0));
        let (_, median, _) = draw(&Latency::LogNormal { median_ms: 10.0, sigma: 0.5 });
        assert!((9.0..11.0).contains(&median), "{median}");
        let (least, median, most) = draw(&Latency::Pareto { least_ms: 10.0, alpha: 1.0 });
        assert!(least >= 10.0 && (18.0..22.0).contains(&median) && most > 200.0, "{least} {median} {most}");
    }
}
