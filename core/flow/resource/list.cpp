#include "core/flow/resource/list.h"

#include <algorithm>
#include <iterator>

#include "core/base/fields.h"
#include "core/base/link.h"
#include "core/base/text.h"
#include "core/flow/frame/connection_name.h"
#include "core/flow/resource/cursor.h"
#include "core/flow/resource/query.h"
#include "core/flow/resource/session.h"
#include "core/flow/resource/shape.h"
#include "core/flow/resource/template.h"

namespace postern {

namespace {

constexpr int kMaxPages = 100;
// What chooses among lists of one kind; cursors have had them from the beginning.
constexpr std::string_view kChoosing[] = {"subscription_id", "resource_group", "tenant"};

// What the caller wants of a list.
struct Demand {
  CursorOf of;
  bool one_page = false;
  std::size_t top = 0;  // 0: as many as the provider gives
  std::vector<std::string_view> members;
  std::vector<Ordering> orderings;
  // Over RPC who names no cursor gets the list alone.
  bool takes_cursors = true;
};

// Which list of its kind, by the parameters that choose it. Their case does not: the provider reads
// both alike.
std::string part_of(const ApiCall& call, const Parameters& parameters) {
  FieldWriter out;
  bool has_part = false;
  for (const std::string_view name : kChoosing) {
    has_part = has_part || parameters.has(name);
    out.text(to_lower_ascii(parameters.text(name)));
  }
  if (!call.host.empty()) {
    has_part = true;
    out.text(call.host).text(parameters.text(call.host));
  }
  // And whatever else stands in the path. A path's case may count.
  for (const auto name : path_references(call.target)) {
    if (!std::ranges::contains(kChoosing, name) && parameters.has(name)) {
      has_part = true;
      out.text(name).text(parameters.text(name));
    }
  }
  return has_part ? out.take() : std::string();
}

Result<Demand, Problem> demand_of(const FlowContext& context) {
  const auto& parameters = context.parameters;
  const auto& call = context.operation->call;
  const bool has_cursor = parameters.has("cursor");
  Demand demand{.of = {.id = connection_of_caller(context),
                       .api = call.api,
                       .member = call.list,
                       .part = part_of(call, parameters)},
                .one_page = call.one_page || has_cursor || parameters.has("top"),
                .top = static_cast<std::size_t>(parameters.integer("top")),
                .members = {},
                .orderings = {},
                .takes_cursors = has_cursor || context.input.entry != Entry::rpc};
  if (!call.shaped_here) {
    return demand;
  }
  if (parameters.has("select")) {
    demand.members = *members_of(parameters.text("select"));
  }
  if (parameters.has("orderby")) {
    if (demand.one_page) {
      return std::unexpected(problem(
          ProblemCode::invalid_request,
          "`orderby` orders the whole list here, and goes with neither `top` nor `cursor`"));
    }
    demand.orderings = *orderings_of(parameters.text("orderby"));
  }
  return demand;
}

Problem problem_of_link(LinkFault fault) {
  switch (fault) {
    case LinkFault::other_origin:
      return problem(ProblemCode::provider_rejected,
                     "The provider's next page is at another origin; it was not asked for");
    case LinkFault::too_long:
      return problem(ProblemCode::provider_rejected,
                     "The provider's link to the next page is longer than 64 KiB");
    case LinkFault::malformed:
      break;
  }
  return problem(ProblemCode::provider_rejected, "The provider's link to the next page is none");
}

Problem problem_of_loop() {
  return problem(ProblemCode::provider_rejected,
                 "The provider's pages go round in a loop: the next one was read before");
}

// The items of the answer as its text, or as values where they are to be ordered.
class Items {
 public:
  Items(std::string_view member, const Demand* demand)
      : demand_(demand), text_("{\"" + std::string(member) + "\":[") {}

  void take(Json& page) {
    if (!demand_->members.empty() && demand_->orderings.empty()) {
      keep_members(page, demand_->members);
    }
    if (demand_->orderings.empty()) {
      append(page);
    } else {
      std::ranges::move(page.elements, std::back_inserter(values_.elements));
    }
  }
  // Of all that there are; the first page says it.
  void count(std::optional<std::int64_t> all) {
    if (all) {
      count_ = all;
    }
  }
  [[nodiscard]] bool empty() const { return text_.back() == '[' && values_.elements.empty(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

  std::string finish(std::string_view next_cursor) {
    if (!values_.elements.empty()) {
      sort_items(values_, demand_->orderings);
      if (!demand_->members.empty()) {
        keep_members(values_, demand_->members);
      }
      append(values_);
    }
    text_ += ']';
    if (count_) {
      text_ += ",\"count\":" + to_decimal(*count_);
    }
    if (!next_cursor.empty()) {
      text_ += ",\"next_cursor\":\"";
      text_ += next_cursor;
      text_ += '"';
    }
    text_ += '}';
    return std::move(text_);
  }

 private:
  void append(const Json& page) {
    if (page.elements.empty()) {
      return;
    }
    // At once: of each item's own text nothing would be given back either.
    auto list = dump_json(page);
    list.pop_back();
    if (text_.back() == '[') {
      text_.pop_back();
    } else {
      list[0] = ',';
    }
    text_ += list;
  }

  const Demand* demand_;
  std::string text_;
  std::optional<std::int64_t> count_;
  Json values_{.kind = JsonKind::array, .name = {}, .text = {}, .elements = {}};
};

std::string next_link(const Json& document) {
  auto next = json_string(document, "nextLink");
  if (!next) {
    next = json_string(document, "@odata.nextLink");
  }
  return std::string(next.value_or(std::string_view()));
}

// Takes from the page what is wanted of it; what is left over is the beginning of the next one.
bool cut_page(Json& page, std::int64_t offset, std::size_t top) {
  auto& elements = page.elements;
  const auto begin = std::min(static_cast<std::size_t>(offset), elements.size());
  elements.erase(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(begin));
  if (top == 0 || elements.size() <= top) {
    return false;
  }
  elements.resize(top);
  return true;
}

// A walk from page to page that ended before its time: says how far it came, and where it can go
// on. What was read on the way is not in the answer: who wants to keep it asks page by page.
Task<Outcome> stopped(const Demand* demand, Problem fault, int pages, PagePlace place) {
  if (pages > 0) {
    fault.members.emplace_back("pages_read", to_decimal(pages));
    std::string cursor;
    if (!place.link.empty()) {
      cursor = co_await seal_cursor(demand->of, std::move(place));
    }
    if (!cursor.empty()) {
      fault.members.emplace_back("next_cursor", cursor);
    }
  }
  co_return problem_outcome(fault);
}

Task<Outcome> finished(const Demand* demand, Items* items, PagePlace next) {
  std::string cursor;
  if (!next.link.empty() && demand->takes_cursors) {
    cursor = co_await seal_cursor(demand->of, std::move(next));
    if (cursor.empty()) {
      co_return problem_outcome(ProblemCode::answer_too_large,
                                "The provider's link to the next page is too long for a cursor: "
                                "ask for all pages at once, "
                                "or for more items with `top`");
    }
  }
  co_return json_outcome(items->finish(cursor));
}

}  // namespace

Problem answer_too_large(std::string_view list, bool one_page) {
  if (list.empty()) {
    return problem(ProblemCode::answer_too_large,
                   "The provider's answer is too large: ask for fewer members with `select`");
  }
  return problem(ProblemCode::answer_too_large,
                 one_page ? "One page is too large: ask for fewer items with `top`, or for fewer "
                            "members of each with `select`"
                          : "All pages together are too large: ask for them one by one with "
                            "`cursor`, for fewer items with `top`, or for fewer members of each "
                            "with `select`");
}

Task<Outcome> list_resource(FlowContext* context, std::string path_and_query, Pairs headers) {
  const auto& call = context->operation->call;
  auto demand = demand_of(*context);
  if (!demand) {
    co_return problem_outcome(demand.error());
  }
  PagePlace place{.link = std::move(path_and_query), .offset = 0, .trail = {}};
  if (const auto cursor = context->parameters.text("cursor"); !cursor.empty()) {
    auto opened = co_await open_cursor(demand->of, std::string(cursor));
    if (!opened) {
      co_return problem_outcome(opened.error());
    }
    place = std::move(*opened);
  }
  auto session = co_await open_session(context, call.api);
  if (!session) {
    co_return std::move(session.error());
  }
  Items items(call.list, &*demand);
  for (int pages = 0;; ++pages) {
    const auto had = demand->orderings.empty() ? items.size() : session->read_bytes;
    if (had >= kMaxAnswerBytes || (pages == kMaxPages && !demand->one_page)) {
      co_return co_await stopped(&*demand, answer_too_large(call.list, demand->one_page), pages,
                                 std::move(place));
    }
    if (pages == kMaxPages) {
      co_return co_await finished(&*demand, &items, std::move(place));
    }
    const auto path = path_of_link(place.link, session->origin);
    if (!path) {
      co_return co_await stopped(&*demand, problem_of_link(path.error()), pages, {});
    }
    Trail trail(place.trail);
    if (trail.has(*path)) {
      co_return co_await stopped(&*demand, problem_of_loop(), pages, {});
    }
    auto document = co_await fetch_json(context, &*session,
                                        {.url = session->origin + *path,
                                         .headers = headers,
                                         .body = {},
                                         .max_bytes = kMaxAnswerBytes - had});
    if (!document) {
      auto& fault = document.error();
      if (fault.code == ProblemCode::answer_too_large) {
        fault = answer_too_large(call.list, demand->one_page);
      }
      co_return co_await stopped(&*demand, std::move(fault), pages, std::move(place));
    }
    const auto value = std::ranges::find(document->elements, call.items, &Json::name);
    if (value == document->elements.end() || !value->is_array()) {
      co_return co_await stopped(
          &*demand, problem(ProblemCode::provider_rejected, "The provider's API answered no list"),
          pages, std::move(place));
    }
    if (demand->one_page && cut_page(*value, place.offset, demand->top)) {
      place.offset += static_cast<std::int64_t>(demand->top);
    } else {
      trail.add(*path);
      place = {.link = next_link(*document), .offset = 0, .trail = trail.bytes()};
    }
    items.take(*value);
    if (context->parameters.flag("count")) {
      items.count(json_integer(*document, "@odata.count"));
    }
    if (place.link.empty() || (demand->one_page && !items.empty())) {
      co_return co_await finished(&*demand, &items, std::move(place));
    }
  }
}

}  // namespace postern
