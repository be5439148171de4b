//! Every step that is measured, one row each, with what it cannot do without beside it.

mod cache;
mod chain;
mod digest;
mod floor;
mod flow;
mod parse;
mod record;
mod signature;
mod store;
mod verify;

use std::hint::black_box;

pub use signature::Cold;

/// A step, ready to run.
pub type Run = Box<dyn Work>;

/// What a step does.
pub trait Work {
    /// Makes what the next so many runs will use up. This is not measured.
    fn prepare(&mut self, _times: u64) {}

    /// Takes the step once.
    fn once(&mut self);

    /// What went wrong, if something did: then nothing that was measured counts.
    fn fault(&self) -> Option<&str> {
        None
    }
}

/// How the instructions of a step are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// So often it runs before it counts: until tables are built and memory is where it will stay.
    pub warm: u64,
    /// So often it is counted.
    pub times: u64,
}

/// A step.
#[derive(Debug)]
pub struct Step {
    /// Its name: the group and the step.
    pub name: &'static str,
    /// The step that does only what this one cannot do without.
    pub floor: Option<&'static str>,
    /// Whether time says something about it.
    pub is_timed: bool,
    /// How its instructions are counted; nothing where they are those of others, or say nothing.
    pub counted: Option<Counted>,
    /// Makes it ready.
    pub make: fn() -> Result<Run, String>,
}

/// Every step.
pub fn all() -> impl Iterator<Item = &'static Step> {
    [
        floor::STEPS,
        parse::STEPS,
        chain::STEPS,
        signature::STEPS,
        digest::STEPS,
        verify::STEPS,
        cache::STEPS,
        store::STEPS,
        record::STEPS,
        flow::STEPS,
    ]
    .into_iter()
    .flatten()
}

/// The step of this name.
///
/// # Errors
/// When there is none.
pub fn named(name: &str) -> Result<&'static Step, String> {
    all().find(|step| step.name == name).ok_or_else(|| format!("there is no step {name}"))
}

impl Step {
    const fn new(name: &'static str, make: fn() -> Result<Run, String>) -> Self {
        Self { name, floor: None, is_timed: true, counted: None, make }
    }

    const fn beside(self, floor: &'static str) -> Self {
        Self { floor: Some(floor), ..self }
    }

    const fn counted(self, warm: u64, times: u64) -> Self {
        Self { counted: Some(Counted { warm, times }), ..self }
    }

    const fn untimed(self) -> Self {
        Self { is_timed: false, ..self }
    }
}

/// A step that uses nothing up.
struct Again<F>(F);

impl<F: FnMut()> Work for Again<F> {
    fn once(&mut self) {
        (self.0)();
    }
}

/// A step that uses nothing up.
fn again(once: impl FnMut() + 'static) -> Run {
    Box::new(Again(once))
}

/// Has the compiler believe that somebody looks at it, so that the work is not left out.
fn seen<T>(value: T) {
    drop(black_box(value));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_can_be_taken_and_has_its_floor() {
        let names: BTreeSet<_> = all().map(|step| step.name).collect();
        assert_eq!(names.len(), all().count(), "two steps of one name");
        for step in all() {
            assert!(step.is_timed || step.counted.is_some(), "nobody measures {}", step.name);
            assert!(step.floor.is_none_or(|floor| names.contains(floor)), "{} stands beside nothing", step.name);
            let mut run = (step.make)().unwrap_or_else(|error| panic!("{}: {error}", step.name));
            run.prepare(2);
            run.once();
            run.once();
            assert_eq!(run.fault(), None, "{}", step.name);
        }
    }
}
