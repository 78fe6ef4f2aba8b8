//! stub

use super::{Dialect, Template};
use crate::blueprint::Department;
use crate::fields::Kind;

pub(super) struct Go;

impl Dialect for Go {
    fn skeleton(&self) -> &'static [Template] {
        &[]
    }
    fn desk(&self, _: Department) -> &'static [Template] {
        &[]
    }
    fn field(&self, name: &str) -> String {
        name.to_owned()
    }
    fn event(&self, name: &str) -> String {
        name.to_owned()
    }
    fn type_of(&self, _: Kind) -> &'static str {
        ""
    }
    fn optional(&self, _: Kind) -> String {
        String::new()
    }
    fn sample(&self, _: Kind, _: usize) -> String {
        String::new()
    }
}
