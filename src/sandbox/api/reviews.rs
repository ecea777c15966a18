//! Reviews: objects that are answered and not kept.

use std::sync::Arc;

use super::exchange::Response;
use super::options::WriteOptions;
use super::{Call, Inner, present};
use crate::sandbox::access::review::{Asker, Review};
use crate::sandbox::status::Refusal;

impl Inner {
    /// # Errors
    /// When the review does not ask for one thing.
    pub(super) fn review(&self, call: &Call<'_>, review: Review) -> Result<Response, Refusal> {
        let options = WriteOptions::of(&call.query, "CreateOptions", false)?;
        let (object, warnings) = call.object(options.validation)?;
        let asker = Asker {
            user: &call.request.user,
            namespace: &call.asked.namespace,
            policies: &self.authorizer.policies(&self.store),
            now: self.clock.now(),
        };
        let answered = Arc::new(review.answer(object, &asker)?);
        let now = self.clock.now();
        let mut response = present::object(call.form, 201, &call.served, &answered, now)?;
        response.warnings = warnings;
        Ok(response)
    }
}
