#include "core/flow/integration/credential.h"

#include "core/base/fields.h"
#include "core/base/json_writer.h"
#include "core/flow/integration/operations.h"
#include "core/flow/store/database.h"
#include "core/oauth/assertion.h"
#include "core/oauth/pem.h"
#include "core/oauth/rsa_key.h"

namespace postern {

namespace {

// learn.microsoft.com/entra/identity-platform/certificate-credentials, "Header"
constexpr std::string_view kAlgorithm = "PS256";
constexpr DurationMs kMemoryMs = 30 * kSecondMs;

std::string memory_key(std::string_view org, std::string_view integration) {
  return "credential:" + std::string(org) + ":" + std::string(integration);
}

// Within the isolate: nobody else reads it.
std::string encode(const std::optional<StoredCredential>& credential) {
  FieldWriter out;
  out.flag(credential.has_value());
  if (credential) {
    out.text(credential->kind)
        .text(credential->name)
        .text(credential->sealed_key)
        .number(credential->added_at);
  }
  return out.take();
}

std::optional<StoredCredential> decode(std::string_view bytes) {
  FieldReader in(bytes);
  if (!in.flag()) {
    return std::nullopt;
  }
  StoredCredential credential;
  credential.kind = in.text();
  credential.name = in.text();
  credential.sealed_key = in.text();
  credential.added_at = in.number();
  return credential;
}

Task<std::monostate> forget(std::string org, std::string integration) {
  co_return co_await perform(
      MemoryPut{.key = memory_key(org, integration), .value = {}, .expires_at = 0});
}

Problem refused(std::string_view parameter, std::string_view advice) {
  return problem(ProblemCode::invalid_request,
                 '`' + std::string(parameter) + "`: " + std::string(advice));
}

struct CheckedPair {
  std::string thumbprint;
  RsaPublicKey public_key;
  Secret private_key;
};

// A certificate and the private key of its public one.
Result<CheckedPair, Problem> checked_pair(std::string_view certificate_pem,
                                          std::string_view key_pem) {
  const auto certificate = decode_certificate_pem(certificate_pem);
  if (!certificate) {
    return std::unexpected(refused("certificate", advice_of(certificate.error())));
  }
  auto key = decode_private_key_pem(key_pem);
  if (!key) {
    return std::unexpected(refused("private_key", advice_of(key.error())));
  }
  const auto of_certificate = rsa_key_of_certificate(*certificate);
  if (!of_certificate) {
    return std::unexpected(refused("certificate", advice_of(of_certificate.error())));
  }
  const auto of_key = rsa_key_of_pkcs8(key->reveal());
  if (!of_key) {
    return std::unexpected(refused("private_key", advice_of(of_key.error())));
  }
  if (*of_key != *of_certificate) {
    return std::unexpected(
        refused("private_key",
                "This is another key than the certificate's: take the one that it "
                "was made with"));
  }
  return CheckedPair{.thumbprint = thumbprint_sha256(*certificate),
                     .public_key = *of_certificate,
                     .private_key = std::move(*key)};
}

// What cannot sign as the certificate says is not stored.
Task<std::optional<Problem>> fault_of_signing(const FlowContext* context,
                                              const StoredCredential* certificate,
                                              std::string integration, std::string jwk,
                                              std::string probe) {
  const auto signature = co_await perform(
      Sign{.org = context->caller.org,
           .context = certificate_context(context->caller.org, integration, certificate->name),
           .sealed_key = certificate->sealed_key,
           .algorithm = std::string(kAlgorithm),
           .data = probe});
  if (!signature && signature.error() != HostFault::refused) {
    co_return problem(ProblemCode::store_unavailable);
  }
  const auto verified = signature
                            ? co_await perform(VerifySignature{.algorithm = std::string(kAlgorithm),
                                                               .jwk = std::move(jwk),
                                                               .data = std::move(probe),
                                                               .signature = *signature})
                            : VerifySignature::Reply(false);
  if (!verified || !*verified) {
    co_return refused("private_key", "It does not sign: export it anew, in PKCS#8");
  }
  co_return std::nullopt;
}

Outcome shown(std::string_view integration, const StoredCredential& certificate) {
  return json_outcome(JsonWriter()
                          .begin_object()
                          .member("integration", integration)
                          .member("kind", certificate.kind)
                          .member("thumbprint", certificate.name)
                          .member("added_at", format_iso8601(certificate.added_at))
                          .end_object()
                          .take());
}

}  // namespace

std::string certificate_context(std::string_view org, std::string_view integration,
                                std::string_view thumbprint) {
  FieldWriter out;
  out.text(kKeyContext).text(org).text(integration).text("certificate").text(thumbprint);
  return out.take();
}

Task<Result<std::optional<StoredCredential>, Problem>> find_credential(std::string org,
                                                                       std::string integration) {
  auto key = memory_key(org, integration);
  if (const auto known = co_await perform(MemoryGet{.key = key})) {
    co_return decode(*known);
  }
  const auto rows = co_await perform(in_database_of(org, {select_credential(org, integration)}));
  if (!rows || rows->empty()) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable));
  }
  auto certificate = credential_of((*rows)[0]);
  const auto now = co_await current_time();
  (void)co_await perform(MemoryPut{
      .key = std::move(key), .value = encode(certificate), .expires_at = now + kMemoryMs});
  co_return std::move(certificate);
}

Task<Result<std::monostate, Problem>> prove_application(FlowContext* context, std::string org,
                                                        std::string integration,
                                                        TokenEndpoint* endpoint) {
  const auto certificate = co_await find_credential(org, integration);
  if (!certificate) {
    co_return std::unexpected(certificate.error());
  }
  if (!*certificate) {
    co_return std::monostate{};
  }
  if ((*certificate)->kind != kCertificate) {
    // A later release's: to go on with the secret would be another way than was chosen.
    co_return std::unexpected(problem(ProblemCode::stored_data_unreadable,
                                      "This release does not know the integration's credential"));
  }
  const auto& [kind, thumbprint, sealed_key, added_at] = **certificate;
  const auto now = co_await current_time();
  auto input = client_assertion_input({.algorithm = kAlgorithm,
                                       .thumbprint = thumbprint,
                                       .client_id = endpoint->client_id,
                                       .token_endpoint = endpoint->url,
                                       .now = now,
                                       .random_16_bytes = context->take_entropy(16)});
  const auto signature =
      co_await perform(Sign{.org = org,
                            .context = certificate_context(org, integration, thumbprint),
                            .sealed_key = sealed_key,
                            .algorithm = std::string(kAlgorithm),
                            .data = input});
  if (!signature) {
    co_return std::unexpected(problem(signature.error() == HostFault::refused
                                          ? ProblemCode::stored_data_unreadable
                                          : ProblemCode::store_unavailable,
                                      "The certificate's key cannot sign now"));
  }
  endpoint->auth = ClientAuthMethod::assertion;
  endpoint->client_secret = Secret();
  endpoint->client_assertion = Secret(assemble_jws(input, *signature));
  co_return std::monostate{};
}

Task<Outcome> import_certificate_flow(FlowContext* context) {
  const auto& parameters = context->parameters;
  const auto& org = context->caller.org;
  const auto settings =
      co_await find_integration(context, org, std::string(parameters.text("integration")));
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  if (settings->provider->application_permission.empty()) {
    co_return problem_outcome(ProblemCode::invalid_request,
                              "At this provider nobody acts but for a person");
  }
  const auto pair = checked_pair(parameters.text("certificate"), parameters.text("private_key"));
  if (!pair) {
    co_return problem_outcome(pair.error());
  }
  auto sealed =
      co_await perform(Seal{.org = org,
                            .context = certificate_context(org, settings->name, pair->thumbprint),
                            .plaintext = std::string(pair->private_key.reveal())});
  if (!sealed) {
    co_return problem_outcome(ProblemCode::store_unavailable, "Sealing failed");
  }
  const StoredCredential certificate{.kind = std::string(kCertificate),
                                     .name = pair->thumbprint,
                                     .sealed_key = std::move(*sealed),
                                     .added_at = co_await current_time()};
  if (const auto fault = co_await fault_of_signing(
          context, &certificate, settings->name, jwk_json(pair->public_key),
          std::string(context->take_entropy(integration::kProbeBytes)))) {
    co_return problem_outcome(*fault);
  }
  const auto stored =
      co_await perform(in_database_of(org, {upsert_credential(org, settings->name, certificate)}));
  if (!stored) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  (void)co_await forget(org, settings->name);
  co_return shown(settings->name, certificate);
}

Task<Outcome> get_credential_flow(FlowContext* context) {
  const auto& org = context->caller.org;
  const auto settings =
      co_await find_integration(context, org, std::string(context->parameters.text("integration")));
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  const auto rows = co_await perform(in_database_of(org, {select_credential(org, settings->name)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  const auto certificate = credential_of((*rows)[0]);
  co_return certificate ? shown(settings->name, *certificate)
                        : problem_outcome(ProblemCode::not_found);
}

Task<Outcome> delete_credential_flow(FlowContext* context) {
  const auto& org = context->caller.org;
  const auto settings =
      co_await find_integration(context, org, std::string(context->parameters.text("integration")));
  if (!settings) {
    co_return problem_outcome(settings.error());
  }
  const auto rows = co_await perform(in_database_of(org, {delete_credential(org, settings->name)}));
  if (!rows || rows->empty()) {
    co_return problem_outcome(ProblemCode::store_unavailable);
  }
  (void)co_await forget(org, settings->name);
  JsonWriter out;
  out.begin_object().key("success").boolean(true);
  out.key("deleted").boolean((*rows)[0].changes != 0);
  co_return json_outcome(out.end_object().take());
}

}  // namespace postern
