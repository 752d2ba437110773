// What the compiler refuses of declarations. Nothing of it runs: a check that lets one of these
// pass stops the build.
#include "core/operation/checks.h"

#include <array>

#include "core/flow/service/operations.h"

using namespace postern;

namespace {

constexpr Operation kGood{.name = "get_thing",
                          .http = "GET /things/:id",
                          .permission = "things:read",
                          .summary = "A thing",
                          .result = "{thing: Thing}",
                          .flow = health_flow};

constexpr Operation named(std::string_view name, std::string_view http) {
  auto operation = kGood;
  operation.name = name;
  operation.http = http;
  return operation;
}

constexpr Operation with(std::span<const Parameter> parameters, std::string_view http,
                         std::string_view read_by_flow = {}) {
  auto operation = kGood;
  operation.http = http;
  operation.parameters = parameters;
  operation.read_by_flow = read_by_flow;
  return operation;
}

template <class Change>
constexpr Operation changed(Change change) {
  auto operation = kGood;
  change(operation);
  return operation;
}

constexpr Parameter kId[] = {{.name = "id", .summary = "Its id"}};
constexpr Parameter kIdInPath[] = {
    {.name = "id", .place = ParameterPlace::path, .summary = "Its id"}};

// --- names ---
constexpr std::array kNames = {named("get_thing", "GET /a"), named("set_thing", "POST /a")};
static_assert(misnamed(kNames) == kNowhere);
static_assert(name_taken(std::span<const Operation>(kNames)) == kNowhere);

constexpr std::array kTwice = {named("get_thing", "GET /a"), named("set_thing", "POST /a"),
                               named("get_thing", "GET /b")};
static_assert(name_taken(std::span<const Operation>(kTwice)) == 2);

// Two names in snake_case, one in camelCase.
constexpr std::array kOneOverRpc = {named("get_thing2", "GET /a"), named("get_thing_2", "GET /b")};
static_assert(name_taken(std::span<const Operation>(kOneOverRpc)) == 1);

constexpr std::array kAliasTaken = {named("get_thing", "GET /a"), changed([](Operation& operation) {
                                      operation.name = "other";
                                      operation.rpc_alias = "getThing";
                                    })};
static_assert(name_taken(std::span<const Operation>(kAliasTaken)) == 1);

constexpr std::array kCamel = {named("getThing", "GET /a")};
static_assert(misnamed(kCamel) == 0);
constexpr std::array kNameless = {named("", "GET /a")};
static_assert(misnamed(kNameless) == 0);
constexpr std::array kOutside = {named("authority.thing", "GET /a")};
static_assert(misnamed(kOutside) == 0);
constexpr std::array kInside = {changed([](Operation& o) { o.access = Access::authority; })};
static_assert(misnamed(kInside) == 0);

constexpr Variable kVariables[] = {{.name = "A"}, {.name = "B"}, {.name = "A"}};
static_assert(name_taken(std::span<const Variable>(kVariables)) == 2);
static_assert(name_taken(std::span<const Variable>(kVariables).first(2)) == kNowhere);

constexpr std::array kOwnOfStubs = {named("subscribe", "GET /a"), named("connect", "GET /b")};
static_assert(name_reserved(kOwnOfStubs) == 0);
static_assert(name_reserved(std::span<const Operation>(kOwnOfStubs).subspan(1)) == 0);
constexpr std::array kSecondNameOfStubs = {changed([](Operation& o) { o.rpc_alias = "fetch"; })};
static_assert(name_reserved(kSecondNameOfStubs) == 0);
constexpr std::array kNotOverRpc = {changed([](Operation& o) {
                                      o.name = "alarm";
                                      o.access = Access::admin;
                                    }),
                                    changed([](Operation& o) {
                                      o.name = "connect";
                                      o.rpc_alias = "connectAccount";
                                    })};
static_assert(name_reserved(kNotOverRpc) == kNowhere);

// --- routes ---
constexpr std::array kRoutes = {named("a", "GET /things"), named("b", "POST /things"),
                                named("c", "GET /things/:id"), named("d", "GET /things/:id/parts")};
static_assert(route_malformed(kRoutes) == kNowhere);
static_assert(route_taken(kRoutes) == kNowhere);

constexpr std::array kRouteTwice = {named("a", "GET /things/:id"), named("b", "POST /things/:id"),
                                    named("c", "GET /things/:name")};
static_assert(route_taken(kRouteTwice) == 2);

// The general one first: the other would never be asked.
constexpr std::array kHidden = {named("a", "GET /things/:id"), named("b", "GET /things/export")};
static_assert(route_taken(kHidden) == 1);
constexpr std::array kSpecialFirst = {named("b", "GET /things/export"),
                                      named("a", "GET /things/:id")};
static_assert(route_taken(kSpecialFirst) == kNowhere);

constexpr std::array kSecondPathTaken = {named("a", "GET /things"), changed([](Operation& o) {
                                           o.http = "GET /all";
                                           o.alias = "/things";
                                         })};
static_assert(route_taken(kSecondPathTaken) == 1);
constexpr std::array kPathTwice = {changed([](Operation& o) { o.alias = "/things/:name"; })};
static_assert(route_taken(kPathTwice) == 0);

constexpr std::array kNoMethod = {named("a", "/things")};
static_assert(route_malformed(kNoMethod) == 0);
constexpr std::array kNoPath = {named("a", "GET things")};
static_assert(route_malformed(kNoPath) == 0);
constexpr std::array kOddPaths = {named("a", "GET /a-:id"), named("b", "GET /a/*"),
                                  named("c", "GET  /a"),    named("d", "GET /a/:id?"),
                                  named("e", "GET /a/"),    named("f", "GET /a/:some-id")};
static_assert([] {
  for (std::size_t i = 0; i < kOddPaths.size(); ++i) {
    if (route_malformed(std::span<const Operation>(kOddPaths).subspan(i)) != 0) {
      return false;
    }
  }
  return true;
}());
constexpr std::array kUnknownMethod = {named("a", "FETCH /things")};
static_assert(route_malformed(kUnknownMethod) == 0);
constexpr std::array kNowhereAtAll = {changed([](Operation& o) {
  o.http = "";
  o.access = Access::admin;
})};
static_assert(route_malformed(kNowhereAtAll) == 0);
constexpr std::array kAuthorityOverHttp = {
    changed([](Operation& o) { o.access = Access::authority; })};
static_assert(route_malformed(kAuthorityOverHttp) == 0);

// --- parameters ---
constexpr std::array kDeclared = {with(kId, "GET /things/:id"), with(kIdInPath, "GET /things/:id"),
                                  with({}, "GET /things/:id", "id")};
static_assert(segment_undeclared(kDeclared) == kNowhere);
static_assert(segment_missing(kDeclared) == kNowhere);
static_assert(place_of(kDeclared[0], kId[0]) == ParameterPlace::path);

constexpr std::array kUndeclared = {with(kId, "GET /things/:id/:part")};
static_assert(segment_undeclared(kUndeclared) == 0);
constexpr std::array kUndeclaredInSecond = {changed([](Operation& o) {
  o.http = "GET /things";
  o.alias = "/things/:id";
})};
static_assert(segment_undeclared(kUndeclaredInSecond) == 0);
constexpr std::array kNotInRoute = {with(kIdInPath, "GET /things/:identity")};
static_assert(segment_missing(kNotInRoute) == 0);
constexpr std::array kNothingToRead = {with({}, "GET /things", "id")};
static_assert(segment_missing(kNothingToRead) == 0);

constexpr Parameter kTwo[] = {{.name = "id", .summary = "Its id"},
                              {.name = "id", .summary = "Its id"}};
constexpr std::array kParameterTwice = {with(kId, "GET /a"), with(kTwo, "GET /b")};
static_assert(parameters_wrong(kParameterTwice) == 1);
constexpr Parameter kWordless[] = {{.name = "id"}};
constexpr std::array kUndocumented = {with(kWordless, "GET /a")};
static_assert(parameters_wrong(kUndocumented) == 0);
constexpr Parameter kNeverAbsent[] = {
    {.name = "id", .required = true, .otherwise = "1", .summary = "Its id"}};
constexpr std::array kDefaultOfRequired = {with(kNeverAbsent, "GET /a")};
static_assert(parameters_wrong(kDefaultOfRequired) == 0);
constexpr Parameter kInBody[] = {
    {.name = "id", .place = ParameterPlace::body, .summary = "Its id"}};
constexpr std::array kBodyOfGet = {with(kInBody, "POST /a"), with(kInBody, "GET /a")};
static_assert(parameters_wrong(kBodyOfGet) == 1);

// --- who may ---
constexpr std::array kComplete = {kGood};
static_assert(incomplete(kComplete) == kNowhere);
constexpr std::array kForAnybody = {changed([](Operation& o) { o.permission = ""; })};
static_assert(incomplete(kForAnybody) == 0);
constexpr std::array kPermissionForAll = {changed([](Operation& o) { o.access = Access::open; })};
static_assert(incomplete(kPermissionForAll) == 0);
constexpr std::array kOddPermissions = {
    changed([](Operation& o) { o.permission = "*"; }),
    changed([](Operation& o) { o.permission = "things:read more"; }),
    changed([](Operation& o) { o.permission = "things:"; })};
static_assert(incomplete(kOddPermissions) == 0);
static_assert(incomplete(std::span<const Operation>(kOddPermissions).subspan(1)) == 0);
static_assert(incomplete(std::span<const Operation>(kOddPermissions).subspan(2)) == 0);
constexpr std::array kNoFlow = {changed([](Operation& o) { o.flow = nullptr; })};
static_assert(incomplete(kNoFlow) == 0);
constexpr std::array kNoWords = {changed([](Operation& o) { o.result = ""; })};
static_assert(incomplete(kNoWords) == 0);
constexpr std::array kAside = {changed([](Operation& o) { o.aside = true; })};
static_assert(incomplete(kAside) == 0);

// --- answers ---
constexpr Operation answering(std::string_view result, std::string_view list = {}) {
  auto operation = kGood;
  operation.result = result;
  operation.rpc_result = list;
  return operation;
}
constexpr std::array kTyped = {answering("Thing"), answering("{things: Thing[]}", "things"),
                               changed([](Operation& o) {
                                 o.access = Access::browser;
                                 o.result = "a page";
                               })};
static_assert(untyped(kTyped) == kNowhere);
constexpr std::array kOnlyWords = {answering("the thing")};
static_assert(untyped(kOnlyWords) == 0);
constexpr std::array kManyWords = {answering("Graph's /me")};
static_assert(untyped(kManyWords) == 0);
constexpr std::array kWordsBehind = {answering("{things: Thing[]}; over RPC the list")};
static_assert(untyped(kWordsBehind) == 0);
constexpr std::array kOtherList = {answering("{things: Thing[]}", "others")};
static_assert(untyped(kOtherList) == 0);
constexpr Shape kShapesTwice[] = {{.name = "Thing", .type = "{}", .summary = "A thing"},
                                  {.name = "Thing", .type = "{}", .summary = "A thing"}};
static_assert(name_taken(std::span<const Shape>(kShapesTwice)) == 1);

}  // namespace
