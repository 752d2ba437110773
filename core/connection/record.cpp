#include "core/connection/record.h"

#include "core/base/fields.h"
#include "core/base/sha256.h"

namespace postern {

namespace {
// First field of a stored record: a later format must not be mistaken for this one.
constexpr std::string_view kFormat = "postern-record-2";
// Without `granted_at` and `evidence`.
constexpr std::string_view kFirstFormat = "postern-record-1";
// The version of the second format (FieldReader::version) that has `asked_scopes`.
constexpr std::int64_t kAskedScopesVersion = 2;
// The one that has `cloud` too.
constexpr std::int64_t kCloudVersion = 3;
}  // namespace

std::string connection_key(const ConnectionId& id) {
  FieldWriter parts;
  parts.text(id.org).text(id.integration).text(id.subject);
  return "connection:" + id.org + ":" + sha256_base64url(parts.bytes());
}

const StoredAccessToken* ConnectionRecord::token_for(std::string_view resource) const {
  for (const auto& token : tokens) {
    if (token.resource == resource) {
      return &token;
    }
  }
  return nullptr;
}

std::string encode_record(const ConnectionRecord& record) {
  FieldWriter tokens;
  for (const auto& token : record.tokens) {
    tokens.text(token.resource)
        .text(token.sealed)
        .number(token.sealed_version)
        .number(token.minted_at)
        .number(token.expires_at)
        .text(token.scope);
  }
  FieldWriter out;
  out.text(kFormat)
      .text(record.id.org)
      .text(record.id.integration)
      .text(record.id.subject)
      .text(record.provider)
      .number(record.version)
      .text(name_of(record.status))
      .text(record.account.key)
      .text(record.account.tenant_id)
      .text(record.account.provider_user_id)
      .text(record.account.name)
      .text(record.account.username)
      .text(record.tenant)
      .text(record.sealed_refresh_token)
      .number(record.refresh_sealed_version)
      .number(record.refresh_minted_at)
      .text(tokens.bytes())
      .number(record.created_at)
      .number(record.updated_at)
      .text(record.cause)
      .text(record.claims)
      .number(record.granted_at)
      .text(record.evidence);
  if (!record.cloud.empty()) {
    out.number(kCloudVersion).text(record.asked_scopes).text(record.cloud);
  } else if (!record.asked_scopes.empty()) {
    out.number(kAskedScopesVersion).text(record.asked_scopes);
  }
  return out.take();
}

std::optional<ConnectionRecord> decode_record(std::string_view bytes) {
  FieldReader in(bytes);
  const auto format = in.text();
  if (format != kFormat && format != kFirstFormat) {
    return std::nullopt;
  }
  ConnectionRecord record;
  record.id = {.org = std::string(in.text()),
               .integration = std::string(in.text()),
               .subject = std::string(in.text())};
  record.provider = in.text();
  record.version = in.number();
  const auto status = parse_status(in.text());
  record.account.key = in.text();
  record.account.tenant_id = in.text();
  record.account.provider_user_id = in.text();
  record.account.name = in.text();
  record.account.username = in.text();
  record.tenant = in.text();
  record.sealed_refresh_token = in.text();
  record.refresh_sealed_version = in.number();
  record.refresh_minted_at = in.number();
  FieldReader tokens(in.text());
  while (const auto resource = tokens.element()) {
    StoredAccessToken token;
    token.resource = *resource;
    token.sealed = tokens.text();
    token.sealed_version = tokens.number();
    token.minted_at = tokens.number();
    token.expires_at = tokens.number();
    token.scope = tokens.text();
    record.tokens.push_back(std::move(token));
  }
  record.created_at = in.number();
  record.updated_at = in.number();
  record.cause = in.text();
  record.claims = in.text();
  record.granted_at = format == kFirstFormat ? record.created_at : in.number();
  record.evidence = format == kFirstFormat ? std::string_view() : in.text();
  const auto version = format == kFormat ? in.version() : 1;
  if (version >= kAskedScopesVersion) {
    record.asked_scopes = in.text();
  }
  if (version >= kCloudVersion) {
    record.cloud = in.text();
  }
  // Nobody writes the first format any more.
  const bool ends = format == kFirstFormat ? in.complete() : in.complete_or_later();
  if (!ends || !tokens.complete_or_later() || !status) {
    return std::nullopt;
  }
  record.status = *status;
  return record;
}

std::string seal_context(const ConnectionId& id, std::string_view field, std::int64_t version) {
  FieldWriter out;
  out.text("postern-seal-1")
      .text(id.org)
      .text(id.integration)
      .text(id.subject)
      .text(field)
      .number(version);
  return out.take();
}

}  // namespace postern
