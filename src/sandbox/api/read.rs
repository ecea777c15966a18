//! Getting one object, and lists.

use super::exchange::{Response, bytes};
use super::hooks::METRICS;
use super::list::{ListOptions, NoList};
use super::present::{self, ListMeta};
use super::selection::Selection;
use super::{Call, Inner, scale};
use crate::sandbox::status::Refusal;

impl Inner {
    /// # Errors
    /// When there is no such object.
    pub(super) fn get(&self, call: &Call<'_>) -> Result<Response, Refusal> {
        let found = self.find(&call.served, call.namespace(), &call.asked.name)?;
        if call.asked.subresource == "scale" {
            let scale = scale::read(&call.served, &found)?;
            return Ok(present::scale(call.form, scale, self.clock.now()));
        }
        present::object(call.form, 200, &call.served, &found, self.clock.now())
    }

    pub(super) fn list(&self, call: &Call<'_>) -> Response {
        match self.page(call) {
            Ok(response) => response,
            Err(NoList {
                refusal,
                token: None,
            }) => Response::refused(&refusal),
            Err(NoList { refusal, token }) => {
                let mut status = refusal.to_json();
                status["metadata"]["continue"] = token.into();
                Response::json(refusal.code, bytes(&status))
            }
        }
    }

    fn page(&self, call: &Call<'_>) -> Result<Response, NoList> {
        let options = ListOptions::of(&call.query)?;
        let selection = Selection::of(&call.query, &call.served)?;
        if call.served.kind.group == METRICS {
            return Ok(self.measured(call, &selection));
        }
        let resource = call.served.resource();
        let page = options.page(&self.store, &resource, call.namespace(), &selection)?;
        let now = self.clock.now();
        let answer = present::list(call.form, &call.served, &page.objects, &page.meta, now);
        Ok(answer)
    }

    /// The list of a kind that is measured and not kept.
    fn measured(&self, call: &Call<'_>, selection: &Selection) -> Response {
        let mut objects = self.metrics(&call.served.kind.plural, call.namespace());
        objects.retain(|it| selection.matches(it));
        let (meta, now) = (ListMeta::default(), self.clock.now());
        present::list(call.form, &call.served, &objects, &meta, now)
    }
}
