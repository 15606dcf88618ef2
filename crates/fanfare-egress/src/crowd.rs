//! How many requests are on their way, to each target and to all. Nobody waits here: what does not begin is no memory.

use crate::error::EgressError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests on their way, by origin.
#[derive(Clone)]
pub(crate) struct Crowd(Arc<Inner>);

struct Inner {
    targets: Mutex<HashMap<String, usize>>,
    each: usize,
    all: usize,
}

/// A request on its way, until it is dropped.
pub(crate) struct Place {
    inner: Arc<Inner>,
    origin: String,
}

impl Crowd {
    pub(crate) fn new(each: usize, all: usize) -> Crowd {
        Crowd(Arc::new(Inner { targets: Mutex::default(), each, all }))
    }

    pub(crate) fn enter(&self, origin: String) -> Result<Place, EgressError> {
        let mut targets = self.0.targets();
        // At most `all` are in it, so summing is short.
        if targets.values().sum::<usize>() >= self.0.all {
            return Err(EgressError::Busy { whose: "in all", allowed: self.0.all });
        }
        let there = targets.get(&origin).copied().unwrap_or_default();
        if there >= self.0.each {
            return Err(EgressError::Busy { whose: "to this target", allowed: self.0.each });
        }
        targets.insert(origin.clone(), there + 1);
        Ok(Place { inner: self.0.clone(), origin })
    }
}

impl Inner {
    fn targets(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut targets = self.inner.targets();
        match targets.get_mut(&self.origin) {
            Some(there) if *there > 1 => *there -= 1,
            _ => drop(targets.remove(&self.origin)),
        }
    }
}
