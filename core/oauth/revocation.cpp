#include "core/oauth/revocation.h"

#include <utility>

#include "core/base/form.h"
#include "core/base/json.h"

namespace postern {

RevocationRequest make_revocation_request(const TokenEndpoint& endpoint, std::string_view token,
                                          std::string_view hint) {
  RevocationRequest request{.url = endpoint.url, .headers = {}, .body = {}};
  request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  FormFields fields;
  fields.reserve(5);  // no growth, so no copies of secrets are left behind
  fields.emplace_back("token", token);
  fields.emplace_back("token_type_hint", hint);
  apply_client_auth(endpoint.auth, endpoint.client_id, endpoint.proof(), fields, request.headers);
  request.body = Secret(form_encode(fields));
  for (auto& field : fields) wipe(field.second);
  return request;
}

RevocationResult result_of_revocation(int status, std::string_view body) {
  if (status >= 200 && status < 300) return RevocationResult::done;
  if (status == 404 || status == 422) return RevocationResult::unclear;
  if (status == 400) {
    const auto document = parse_json(body);
    return document && json_text(*document, "error") == "invalid_token"
               ? RevocationResult::unknown_token
               : RevocationResult::try_again;
  }
  return status < 500 ? RevocationResult::try_again : RevocationResult::unknown;
}

}  // namespace postern
