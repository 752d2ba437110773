#include "core/flow/integration/admin_consent.h"

#include <utility>

#include "core/base/fields.h"

namespace postern {

namespace {

constexpr std::string_view kPrefix = "adm~";
// Twice what the longest names make.
constexpr std::size_t kMostStateBytes = 2048;
constexpr std::size_t kMostNameBytes = 64;
// Bound to the sealed text, so that nothing else that is sealed for the organization opens as one.
constexpr std::string_view kSealContext = "postern-admin-consent-1";

}  // namespace

std::string encode_admin_consent(const AdminConsentAsk& ask) {
  FieldWriter out;
  out.text(ask.attempt)
      .text(ask.integration)
      .text(ask.client_id)
      .text(ask.tenant)
      .number(ask.expires_at);
  return out.take();
}

std::optional<AdminConsentAsk> decode_admin_consent(std::string_view bytes) {
  FieldReader in(bytes);
  AdminConsentAsk ask;
  ask.attempt = in.text();
  ask.integration = in.text();
  ask.client_id = in.text();
  ask.tenant = in.text();
  ask.expires_at = in.number();
  return in.complete_or_later() ? std::optional(std::move(ask)) : std::nullopt;
}

Task<Result<std::string, Problem>> seal_admin_consent(AdminConsentAsk ask) {
  const auto sealed = co_await perform(Seal{.org = ask.org,
                                            .context = std::string(kSealContext),
                                            .plaintext = encode_admin_consent(ask)});
  if (!sealed) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  std::string state(kPrefix);
  state += ask.org;
  state += '~';
  state += *sealed;
  co_return state;
}

bool is_admin_consent_state(std::string_view state) {
  return state.starts_with(kPrefix);
}

Task<Result<std::optional<AdminConsentAsk>, Problem>> open_admin_consent(std::string state) {
  const auto end = state.find('~', kPrefix.size());
  if (!is_admin_consent_state(state) || state.size() > kMostStateBytes ||
      end == std::string::npos) {
    co_return std::nullopt;
  }
  auto org = state.substr(kPrefix.size(), end - kPrefix.size());
  if (org.empty() || org.size() > kMostNameBytes) {
    co_return std::nullopt;
  }
  const auto opened = co_await perform(
      Open{.org = org, .context = std::string(kSealContext), .sealed = state.substr(end + 1)});
  if (!opened && opened.error() != HostFault::refused) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  auto ask = opened ? decode_admin_consent(*opened) : std::nullopt;
  if (ask) {
    ask->org = std::move(org);
  }
  co_return ask;
}

}  // namespace postern
