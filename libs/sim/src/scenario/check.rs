//! wip
use super::{Problem, Scenario, ScenarioSource};
pub(super) struct Reading<'a> {
    source: &'a dyn ScenarioSource,
    pub(super) problems: Vec<Problem>,
}
impl<'a> Reading<'a> {
    pub(super) fn new(source: &'a dyn ScenarioSource) -> Self {
        Self { source, problems: Vec::new() }
    }
    pub(super) fn scenario(&mut self, name: &str) -> Option<Scenario> {
        let _ = self.source.read(name);
        None
    }
}
