// A typed call of a provider's API as data: one row of an operation's declaration says all of it.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/problem.h"

namespace postern {

class Parameters;

// `target` is a method and a template (core/flow/resource/template.h):
//   "GET /v1.0/me/drive/[items/{item_id}|root:/{+path}:|root]/children{?$top,$select}"
// `{name}` one segment or value, percent-encoded; `{+name}` several segments; `{'name}` the inside
// of an OData string; `{?a,b=c}` fields of a query that are there, `b` from the parameter `c` (`$a`
// from `a`), `c~10` with 10 where it is absent; `[x|y|]` the first alternative whose parameters are
// all there.
//
// `body` of the API's request: "{name}" is the JSON parameter itself; otherwise members of an
// object, "toRecipients=to_recipients,body.content=content,body.contentType='text'", those that are
// there.
struct ApiCall {
  std::string_view api;  // of the catalogue
  // The least delegated permission that the API's documentation names for it: asked for where the
  // API refuses a token that lacks it. Empty: none can be said.
  std::string_view scope;
  std::string_view target;  // empty: the operation's flow says what it calls
  // The parameter that names the label of the API's host (HostLabel::parameter); empty: it has
  // none.
  std::string_view host;
  std::string_view body;
  // The answer is a list: the member of ours that holds it, and the API's.
  std::string_view list;
  std::string_view items = "value";
  // One page at a time in any case.
  bool one_page = false;
  // The API neither selects nor orders: it is done here.
  bool shaped_here = false;
  // `search`, `count` and `filter` of a directory need `ConsistencyLevel: eventual`
  // (learn.microsoft.com/graph/aad-advanced-queries).
  bool eventual = false;
  // What the API accepted it goes on doing: `state` and `operation` in the answer.
  bool long_running = false;
  // `api_version` is found out where the caller names none, by `resource_id`.
  bool finds_version = false;
  // What no template can say: changes parameters, or says what is wrong with them. Pure.
  std::optional<Problem> (*prepare)(Parameters& parameters) = nullptr;
};

}  // namespace postern
