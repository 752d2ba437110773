// What rows of calls are made of: the parameters that each of an API's calls takes, before its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/flow/frame/common_parameters.h"
#include "core/flow/frame/operation.h"

namespace postern {

// The one flow of all calls that the table describes.
Task<Outcome> resource_flow(FlowContext* context);
// Sends the parameter `requests` as a batch, 20 at a time.
Task<Outcome> batch_flow(FlowContext* context);

namespace resource {

using enum ParameterKind;
using enum ParameterPlace;

inline constexpr Parameter kWait{
    .name = "wait",
    .kind = integer,
    .summary =
        "For so many seconds, 30 at most, the call may wait where the API says 429 and when"};

inline constexpr std::array<Parameter, 5> kOfConnection = {
    common::kUserId, common::kAccount, common::kSubject, common::kIntegration, kWait};
inline constexpr std::array<Parameter, 1> kOfDirectory = {common::kGuestTenant};

template <std::size_t... kSizes>
constexpr auto joined_parameters(const std::array<Parameter, kSizes>&... parts) {
  std::array<Parameter, (kSizes + ...)> all;
  auto next = all.begin();
  ((next = std::ranges::copy(parts, next).out), ...);
  return all;
}

// Usage: `.parameters = kCall<[] { return std::array{kMessageId, kSelect}; }>`.
template <auto kOwn>
inline constexpr auto kCall = joined_parameters(kOfConnection, kOwn());
template <auto kOwn>
inline constexpr auto kCallInTenant = joined_parameters(kOfConnection, kOfDirectory, kOwn());

inline constexpr Parameter kSelect{
    .name = "select",
    .kind = text,
    .summary =
        "Only these members of each, separated by commas; all that the API gives when absent"};
inline constexpr Parameter kOrderby{
    .name = "orderby",
    .kind = text,
    .summary = "Members to order by, separated by commas, each with ` desc` or not"};
inline constexpr Parameter kFilter{
    .name = "filter", .kind = text, .summary = "An OData filter, as the API takes it"};
inline constexpr Parameter kExpand{.name = "expand",
                                   .kind = text,
                                   .summary = "Relations to answer with each, as the API takes it"};
inline constexpr Parameter kSearch{
    .name = "search",
    .kind = text,
    .summary = "What to look for; without `\"` in front Postern puts all of it between them"};
inline constexpr Parameter kCount{
    .name = "count", .kind = flag, .summary = "Answer `count`, how many there are in all, too"};
inline constexpr Parameter kSkip{
    .name = "skip", .kind = integer, .summary = "How many to leave out"};
inline constexpr Parameter kTop{.name = "top",
                                .kind = integer,
                                .summary = "One page of at most so many; all pages when absent"};
inline constexpr Parameter kCursor{
    .name = "cursor",
    .kind = cursor,
    .summary =
        "The `next_cursor` of the page before: one more page of that list, asked for as its "
        "first page was. Empty: the first page. Over RPC the answer is then the whole object"};
inline constexpr Parameter kIfMatch{
    .name = "if_match",
    .kind = text,
    .summary = "The ETag that it must still have; otherwise nothing is done (provider_conflict)"};

}  // namespace resource

}  // namespace postern
