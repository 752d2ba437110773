// GitHub: OAuth apps, with and without expiring user tokens, and GitHub Apps acting for a person.
// docs.github.com: "Authorizing OAuth apps", "Refreshing user access tokens", "Scopes for OAuth
// apps".
#include "core/base/json_writer.h"
#include "core/provider/all.h"

namespace postern {
namespace {

// docs.github.com/rest/releases/assets: assets are uploaded at a host of their own.
constexpr std::string_view kOrigin = "https://api.github.com";
constexpr std::string_view kUploads = "https://uploads.github.com";
constexpr Api kApis[] = {{.name = "github", .origin = kOrigin, .audience = ""},
                         {.name = "github_uploads", .origin = kUploads, .audience = ""}};
constexpr Api kAppApis[] = {{.name = "github_app", .origin = kOrigin, .audience = ""},
                            {.name = "github_app_uploads", .origin = kUploads, .audience = ""}};
// The answers of docs.github.com/rest: `download_url` of a private repository's content has a
// token in it ("Get repository content").
constexpr LinkMember kLinks[] = {{"download_url", LinkKind::download},
                                 {"upload_url", LinkKind::followed},
                                 {"*_url", LinkKind::api},
                                 {"url", LinkKind::api},
                                 {"next", LinkKind::followed}};
constexpr std::string_view kScopes[] = {"read:user"};
constexpr std::string_view kTerminal[] = {"bad_refresh_token", "bad_verification_code"};
// "Troubleshooting OAuth app access token request errors": the primary e-mail address is not
// verified.
constexpr std::string_view kPerson[] = {"unverified_user_email"};
// The same page, and "Troubleshooting authorization request errors".
constexpr std::string_view kOurs[] = {"incorrect_client_credentials", "application_suspended",
                                      "redirect_uri_mismatch"};

// "Scopes for OAuth apps": what is covered by another one is not listed.
constexpr ImpliedScope kImplied[] = {{"user", "read:user"},
                                     {"user", "user:email"},
                                     {"user", "user:follow"},
                                     {"repo", "repo:status"},
                                     {"repo", "repo_deployment"},
                                     {"repo", "public_repo"},
                                     {"repo", "repo:invite"},
                                     {"repo", "security_events"},
                                     {"admin:org", "write:org"},
                                     {"admin:org", "read:org"},
                                     {"write:org", "read:org"},
                                     {"project", "read:project"},
                                     {"admin:repo_hook", "write:repo_hook"},
                                     {"admin:repo_hook", "read:repo_hook"},
                                     {"write:repo_hook", "read:repo_hook"},
                                     {"admin:public_key", "write:public_key"},
                                     {"admin:public_key", "read:public_key"},
                                     {"write:public_key", "read:public_key"},
                                     {"admin:gpg_key", "write:gpg_key"},
                                     {"admin:gpg_key", "read:gpg_key"},
                                     {"write:gpg_key", "read:gpg_key"},
                                     {"write:packages", "read:packages"},
                                     {"write:discussion", "read:discussion"}};

constexpr ScopeWords kWords[] = {
    {"read:user", "Read your profile"},
    {"user:email", "Read your e-mail addresses"},
    {"user", "Read and change your profile, read your e-mail addresses, follow people as you"},
    {"public_repo", "Read and change your public repositories"},
    {"repo",
     "Read and change all your repositories, private ones too, and manage who and what has access"},
    {"delete_repo", "Delete your repositories"},
    {"workflow", "Add and change the workflows of your repositories"},
    {"gist", "Create and change gists as you"},
    {"notifications", "Read your notifications and change your subscriptions"},
    {"read:org", "Read your memberships of organizations, and their projects and teams"}};

// "Delete an app token", docs.github.com/rest/apps/oauth-applications: this token alone. The
// person's other tokens of the app, perhaps of other connections, stay.
RevocationRequest revoke(const TokenEndpoint& endpoint, std::string_view access_token,
                         std::string_view) {
  RevocationRequest request{.method = "DELETE", .url = endpoint.url, .headers = {}, .body = {}};
  request.headers.emplace_back("accept", "application/vnd.github+json");
  request.headers.emplace_back("content-type", "application/json");
  FormFields none;
  apply_client_auth(ClientAuthMethod::basic, endpoint.client_id, endpoint.client_secret.reveal(),
                    none, request.headers);
  JsonWriter body;
  request.body =
      Secret(body.begin_object().member("access_token", access_token).end_object().take());
  return request;
}

constexpr ProviderHooks kHooks{.revocation = revoke};

}  // namespace

constexpr Provider kGithub{
    .id = "github",
    .display_name = "GitHub",
    .integration = "github",
    .environment = "GITHUB",
    .login_origin = "https://github.com",
    .authorization_endpoint = "{login}/login/oauth/authorize",
    .token_endpoint = "{login}/login/oauth/access_token",
    .revocation_endpoint = "{api}/applications/{client_id}/token",
    .revocation_by_access_token = true,
    .profile_endpoint = "{api}/user",
    .logout_endpoint = "",
    .jwks_uri = "",
    .issuer = "",
    .apis = kApis,
    .default_scopes = kScopes,
    .scope_words = kWords,
    .replay = {.kind = ReplayClass::single_use},
    .refresh_idle_seconds = 184 * kDaySeconds,
    .quirks = {.form_encoded = true,
               .comma_scopes = true,
               .errors = {.terminal = kTerminal, .person = kPerson, .integration = kOurs}},
    .implied_scopes = kImplied,
    .profile = {.id = "id", .name = "name", .username = "login"},
    .needs_user_agent = true,
    .proxy = {.links = kLinks},
    .hooks = &kHooks};

// A GitHub App that acts for a person: the same server, and permissions instead of scopes.
constexpr Provider kGithubApp = [] {
  Provider app = kGithub;
  app.id = "github_app";
  app.integration = "";
  app.environment = "";
  app.apis = kAppApis;
  app.default_scopes = {};
  app.scope_words = {};
  app.refresh_kills_access_token = true;
  return app;
}();

}  // namespace postern
