#include "core/flow/resource/call.h"

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

namespace postern {

namespace {

constexpr int kMaxPages = 100;

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
std::string part_of(const Parameters& parameters) {
  FieldWriter out;
  bool has_part = false;
  for (const std::string_view name : {"subscription_id", "resource_group", "tenant"}) {
    has_part = has_part || parameters.has(name);
    out.text(to_lower_ascii(parameters.text(name)));
  }
  return has_part ? out.take() : std::string();
}

Result<Demand, Problem> demand_of(const FlowContext& context, const ListWish& wish) {
  const auto& parameters = context.parameters;
  if (auto fault = fault_of_query(parameters)) {
    return std::unexpected(std::move(*fault));
  }
  const bool has_cursor = parameters.has("cursor");
  Demand demand{.of = {.id = connection_of_caller(context),
                       .api = wish.api,
                       .member = wish.member,
                       .part = part_of(parameters)},
                .one_page = wish.one_page || has_cursor || parameters.has("top"),
                .top = static_cast<std::size_t>(parameters.integer("top")),
                .members = {},
                .orderings = {},
                .takes_cursors = has_cursor || context.input.entry != Entry::rpc};
  if (!wish.shaped_here) {
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

// What a caller can do about an answer that does not fit.
Problem too_large(const Demand& demand, std::string_view member) {
  if (member.empty()) {
    return problem(ProblemCode::answer_too_large,
                   "The provider's answer is too large: ask for fewer members with `select`");
  }
  return problem(ProblemCode::answer_too_large,
                 demand.one_page
                     ? "One page is too large: ask for fewer items with `top`, or for fewer "
                       "members of each with `select`"
                     : "All pages together are too large: ask for them one by one with `cursor`, "
                       "for fewer items with `top`, or for fewer members of each with `select`");
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

Task<Result<Json, Outcome>> get_resource(FlowContext* context, ResourceGet get) {
  if (auto fault = fault_of_query(context->parameters)) {
    co_return std::unexpected(problem_outcome(*fault));
  }
  auto session = co_await open_session(context, get.api);
  if (!session) {
    co_return std::unexpected(std::move(session.error()));
  }
  auto document = co_await fetch_json(context, &*session, session->origin + get.path_and_query,
                                      kMaxAnswerBytes);
  if (!document) {
    const bool large = document.error().code == ProblemCode::answer_too_large;
    co_return std::unexpected(problem_outcome(large ? too_large({}, {}) : document.error()));
  }
  co_return std::move(*document);
}

Task<Outcome> list_resource(FlowContext* context, ListWish wish) {
  auto demand = demand_of(*context, wish);
  if (!demand) {
    co_return problem_outcome(demand.error());
  }
  PagePlace place{.link = std::move(wish.path_and_query), .offset = 0, .trail = {}};
  if (const auto cursor = context->parameters.text("cursor"); !cursor.empty()) {
    auto opened = co_await open_cursor(demand->of, std::string(cursor));
    if (!opened) {
      co_return problem_outcome(opened.error());
    }
    place = std::move(*opened);
  }
  auto session = co_await open_session(context, wish.api);
  if (!session) {
    co_return std::move(session.error());
  }
  Items items(wish.member, &*demand);
  for (int pages = 0;; ++pages) {
    const auto had = demand->orderings.empty() ? items.size() : session->read_bytes;
    if (had >= kMaxAnswerBytes || (pages == kMaxPages && !demand->one_page)) {
      co_return co_await stopped(&*demand, too_large(*demand, wish.member), pages,
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
    auto document =
        co_await fetch_json(context, &*session, session->origin + *path, kMaxAnswerBytes - had);
    if (!document) {
      auto& fault = document.error();
      if (fault.code == ProblemCode::answer_too_large) {
        fault = too_large(*demand, wish.member);
      }
      co_return co_await stopped(&*demand, std::move(fault), pages, std::move(place));
    }
    const auto value = std::ranges::find(document->elements, "value", &Json::name);
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
    if (place.link.empty() || (demand->one_page && !items.empty())) {
      co_return co_await finished(&*demand, &items, std::move(place));
    }
  }
}

}  // namespace postern
