#include "core/base/problem.h"

#include "core/base/json_writer.h"

namespace postern {

namespace {

constexpr ProblemInfo kProblems[] = {
    {"invalid_request", 400, "The request is not valid",
     "Correct the parameter that the detail names."},
    {"unauthenticated", 401, "A valid API key is needed",
     "Send `Authorization: Bearer pk_…`; an unknown, wrong, expired or revoked key "
     "answers alike."},
    {"permission_denied", 403, "The caller may not do this",
     "Use a key or binding with the permission that the detail names."},
    {"not_found", 404, "There is nothing here", "Check the path and the id."},
    {"not_connected", 404, "This user has not connected an account",
     "Create a connect link and let the user open it."},
    {"connection_pending", 409, "The connection waits for confirmation",
     "Confirm it with the code that arrived at return_to."},
    {"needs_reauth", 409, "The user has to connect the account again",
     "Let the user open `connect_url`."},
    {"unknown_integration", 404, "There is no such integration", "Check the integration's name."},
    {"integration_fault", 502, "The provider refuses the integration itself",
     "Check client id and client secret, as `meaning` says; no connection was lost."},
    {"integration_not_configured", 503, "The integration is not configured",
     "Set the environment variable that the detail names."},
    {"provider_unavailable", 503, "The provider cannot be reached",
     "Try again after `Retry-After`; what was connected stays so. A code that was "
     "handed over may be spent: begin a new sign-in."},
    {"provider_rejected", 502, "The provider answered something unusable",
     "Try again; if it lasts, look at the log by `reference`."},
    {"provider_forbidden", 403, "The account may not do this at the provider",
     "The detail says what is missing and `fix` who can give it; `provider_code` is the provider's "
     "own word."},
    {"provider_not_found", 404, "The provider does not know this item", "Check the id."},
    {"rate_limited", 429, "The provider limits the rate", "Wait for `Retry-After`."},
    {"store_unavailable", 503, "A store cannot be reached",
     "Try again; what was connected stays so."},
    {"overloaded", 503, "Too many requests at once", "Try again after `Retry-After`."},
    {"out_of_memory", 503, "The request needed more memory than it may have",
     "Ask for less at a time; what was connected stays so."},
    {"core_trap", 503, "The request failed inside", "Try again; what was connected stays so."},
    {"timeout", 504, "The request took too long",
     "Try again; what was connected stays so, and what was begun may yet be done. A code that "
     "was handed over may be spent: look at the connection before a new sign-in."},
    {"return_to_not_allowed", 400, "return_to is not on the allowlist",
     "Add the exact URL to ALLOWED_RETURN_URLS for the organization."},
    {"redirect_uri_not_allowed", 400, "redirect_uri is not on the allowlist",
     "Add the exact URL to ALLOWED_RETURN_URLS for the organization."},
    {"attempt_unusable", 409, "The attempt is unknown, finished or expired",
     "Create a new connect link."},
    {"confirmation_refused", 403, "The confirmation does not fit the attempt",
     "Confirm with the code of this attempt and the user of the session that began it."},
    {"state_refused", 400, "The state is unknown, used, expired or somebody else's",
     "Begin again with a new connect link."},
    {"other_account", 409, "Another account is connected already",
     "Connect the same account, or create the link with allow_other_account."},
    {"code_refused", 400, "The provider refused the authorization code",
     "Begin again with a new connect link."},
    {"sign_in_denied", 403, "The person or the provider refused",
     "Begin again if it was a mistake."},
    {"id_token_refused", 502, "The provider's ID token is not valid",
     "Check the integration's tenant and client id; nothing was stored."},
    {"answer_too_large", 502, "The provider's answer is too large",
     "Ask for less: fewer items with `top`, fewer members of each with `select`, or page by page "
     "with `cursor`. All pages of a list together may have 1 MiB, in at most 100 pages; of JSON "
     "that is mostly punctuation less."},
    {"payload_too_large", 413, "The body is larger than 64 KiB", "Send less."},
    {"stored_data_unreadable", 500, "What is stored cannot be opened",
     "Check that MASTER_KEYS still holds the key that sealed it."},
    {"version_not_kept", 404, "This version of the connection is not kept",
     "Choose one that the list of versions has, with a refresh token in it "
     "(`can_refresh`)."},
    {"version_spent", 409, "This version's refresh token was used since, and works once only",
     "A later version has what it was exchanged for. Let the user connect the account again."},
    {"no_webhook", 409, "The organization has no webhook",
     "Add one to WEBHOOKS, or read the events."},
    {"resource_refused", 403, "The provider refuses a token for this API to this connection",
     "`meaning` and `fix` say why and who can change it; other APIs of the connection work on."},
    {"resource_not_granted", 403, "The connection was made without access to this API",
     "Ask for another API, or let the user connect again with the scopes of this one."},
    {"token_replaced", 503, "The provider's API refused the token, which has been replaced",
     "Send the request again: its body had gone already, and could not be repeated here."},
    {"answer_too_large_to_rewrite", 502,
     "The answer is JSON of more than 16 MiB, whose links cannot be led through the proxy",
     "Ask for less at a time (`$top`, `$select`, `per_page`), or send `Postern-Links: keep` and "
     "follow no link of the answer with Postern's key."},
    {"answer_not_rewritable", 502,
     "The links of this answer cannot be led through the proxy: it is a part of JSON, or JSON in "
     "an "
     "encoding that cannot be read here",
     "Ask for the whole of it, without `Range`, and with an `Accept-Encoding` of gzip, br or "
     "identity."},
    {"call_outcome_unknown", 502,
     "The provider's API gave no whole answer, and may have done what was asked",
     "Look whether it was done before you send the request again."},
    // 409: a status at which clients do not send a request again.
    {"answer_withheld", 409,
     "The provider's API answered, with the status in `api_status`, but its answer cannot be "
     "passed "
     "on",
     "Do not send the request again. The detail says why: ask for less of it, for the whole of it, "
     "in gzip, br or identity, or send `Postern-Links: keep`."},
    {"provider_conflict", 409, "The provider's API says that what is there does not allow it",
     "`provider_code` says what: something of that name, another change at the same time, a lock, "
     "or an `if_match` that is no longer the ETag. Read it again first."},
    {"operation_failed", 502, "The provider accepted what was asked, and then failed to do it",
     "`provider_code` says why. Nothing more happens by itself: look at what is there, and ask "
     "again."},
    {"person_needed", 400, "This call is made as a person, and the connection is an application's",
     "Name a person's connection (`user_id`), or call the API's path for everybody, as "
     "`/users/{id}/…`, through the proxy."},
    {"directory_not_allowed", 403, "The organization may not let the app act in this directory",
     "The operator lists the directories of an organization in `ALLOWED_APP_DIRECTORIES`, as they "
     "are named here: by id or by domain."},
};
static_assert(std::size(kProblems) ==
              static_cast<std::size_t>(ProblemCode::directory_not_allowed) + 1);

}  // namespace

const ProblemInfo& info_of(ProblemCode code) {
  return kProblems[static_cast<std::size_t>(code)];
}

std::span<const ProblemInfo> all_problems() {
  return kProblems;
}

Problem problem(ProblemCode code, std::string_view detail) {
  return {.code = code, .detail = std::string(detail), .members = {}, .retry_after_seconds = {}};
}

std::string problem_json(const Problem& problem) {
  const auto& info = info_of(problem.code);
  JsonWriter out;
  out.begin_object()
      .member("type", "urn:postern:problem:" + std::string(info.code))
      .member("title", info.title)
      .member("status", info.status);
  if (!problem.detail.empty()) {
    out.member("detail", problem.detail);
  }
  out.key("success").boolean(false);
  out.member("error", problem.detail.empty() ? info.title : std::string_view(problem.detail));
  out.member("code", info.code);
  for (const auto& [name, value] : problem.members) {
    out.member(name, value);
  }
  if (problem.retry_after_seconds) {
    out.member("retry_after", *problem.retry_after_seconds);
  }
  return out.end_object().take();
}

}  // namespace postern
