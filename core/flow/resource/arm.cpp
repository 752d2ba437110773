// The typed reads of Azure Resource Manager.
#include "core/base/form.h"
#include "core/flow/resource/call.h"
#include "core/flow/resource/operations.h"
#include "core/flow/resource/query.h"

namespace postern {

namespace {

constexpr std::string_view kApi = "arm";

constexpr std::string_view kSubscriptionsVersion = "2020-01-01";
constexpr std::string_view kTenantsVersion = "2022-12-01";
constexpr std::string_view kResourcesVersion = "2021-04-01";

std::string subscription_path(const FlowContext& context, std::string_view rest) {
  return "/subscriptions/" + percent_encode(context.parameters.text("subscription_id")) +
         std::string(rest) + "?" +
         query_of({{"api-version", kResourcesVersion}, {"$top", context.parameters.text("top")}});
}

// The Resource Manager takes `$top` of the lists of a subscription, and neither `$select` nor
// `$orderby` of any (learn.microsoft.com/rest/api/resources).
Task<Outcome> list(FlowContext* context, std::string path, std::string_view member) {
  co_return co_await list_resource(
      context,
      {.api = kApi, .path_and_query = std::move(path), .member = member, .shaped_here = true});
}

// However it is encoded, a segment of dots names another place (WHATWG URL, "double-dot segment").
bool is_dots(std::string_view segment) {
  return segment == "." || segment == "..";
}

Outcome refuse_dots(std::string_view name) {
  return problem_outcome(
      problem(ProblemCode::invalid_request, "`" + std::string(name) + "` names nothing"));
}

}  // namespace

Task<Outcome> list_tenants_flow(FlowContext* context) {
  co_return co_await list(context, "/tenants?" + query_of({{"api-version", kTenantsVersion}}),
                          "tenants");
}

Task<Outcome> list_subscriptions_flow(FlowContext* context) {
  co_return co_await list(context,
                          "/subscriptions?" + query_of({{"api-version", kSubscriptionsVersion}}),
                          "subscriptions");
}

Task<Outcome> list_resource_groups_flow(FlowContext* context) {
  if (is_dots(context->parameters.text("subscription_id"))) {
    co_return refuse_dots("subscription_id");
  }
  co_return co_await list(context, subscription_path(*context, "/resourcegroups"),
                          "resourceGroups");
}

Task<Outcome> list_resources_flow(FlowContext* context) {
  const auto group = context->parameters.text("resource_group");
  if (is_dots(context->parameters.text("subscription_id"))) {
    co_return refuse_dots("subscription_id");
  }
  if (is_dots(group)) {
    co_return refuse_dots("resource_group");
  }
  const auto rest = group.empty() ? std::string("/resources")
                                  : "/resourceGroups/" + percent_encode(group) + "/resources";
  co_return co_await list(context, subscription_path(*context, rest), "resources");
}

}  // namespace postern
