// The identity providers as they truly are: grants, the refresh tokens of each in their order,
// access tokens, codes. What the core makes of their answers is the core's affair. They share
// nothing but the numbers of their grants and tokens: what one gave out the others do not know.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/effect/effects.h"
#include "tests/sim/plan.h"

namespace postern::sim {

struct RefreshToken {
  std::string text;
  EpochMs spent_at = 0;  // 0: not shown yet, or to show it changes nothing
  EpochMs used_at = 0;   // or minted
};

struct Grant {
  Vendor vendor = Vendor::azure;
  int connection = 0;  // whose sign-in it was
  int person = 0;
  EpochMs born_at = 0;
  bool alive = true;
  bool ended_by_person = false;
  bool ended_by_reuse = false;
  bool ended_by_revocation = false;
  bool withheld = false;  // its refresh token: nobody has it
  std::vector<RefreshToken> refresh_tokens;
};

struct AccessToken {
  int grant = 0;
  bool arm = false;
  bool guest = false;  // of kGuestTenant
  EpochMs expires_at = 0;
  bool ended = false;
};

// A place in Grant::refresh_tokens.
struct RefreshPlace {
  int grant = 0;
  int index = 0;
};

// What an organization lets its people's grants be used for.
enum class Consent : std::uint8_t { given, missing_for_arm, missing };
// How a provider says that it does not give a token for an API (learn.microsoft.com: "Handle errors
// and exceptions in MSAL", "Microsoft Entra authentication and authorization error codes").
// `refused` wants nobody: there is no such API in that directory.
enum class Wording : std::uint8_t { interaction_required, suberror, claims, refused };
inline constexpr std::int64_t kWordings = 4;
[[nodiscard]] std::string_view name_of(Wording wording);
// What an answer is of these; nullopt: another one.
[[nodiscard]] std::optional<Wording> wording_of(const HttpReply& reply);

// The token that a request wants to be ended.
[[nodiscard]] std::string shown_for_revocation(Vendor vendor, const Fetch& request);

class Provider {
 public:
  explicit Provider(const Plan& plan) : plan_(plan) {}

  // A person agrees; answers the code.
  [[nodiscard]] std::string authorize(int connection, int person, std::string nonce);
  // A token request that arrived at a vendor's.
  struct Request {
    Vendor vendor = Vendor::azure;
    std::string_view body;
    bool guest = false;
    EpochMs now = 0;
    bool secret_is_wrong = false;
    Consent consent = Consent::given;
    Wording wording = Wording::interaction_required;
  };
  // `issued`: whose tokens the answer holds.
  struct Answer {
    HttpReply reply;
    std::optional<RefreshPlace> issued;
  };
  [[nodiscard]] Answer token(const Request& request);
  // A request to an API. nullptr: 401.
  [[nodiscard]] const AccessToken* access(Vendor vendor, std::string_view text, bool arm,
                                          EpochMs now) const;
  // A request to end a token. `ended`: the grants that lived until then.
  struct Revoked {
    int status = 0;
    std::vector<int> ended;
  };
  [[nodiscard]] Revoked revoke(Vendor vendor, const Fetch& request, EpochMs now,
                               bool secret_is_wrong);
  [[nodiscard]] const AccessToken* find_access(std::string_view text) const;
  [[nodiscard]] std::optional<RefreshPlace> find_refresh(std::string_view text) const;
  // Would it be taken now?
  [[nodiscard]] bool takes(const RefreshPlace& place, EpochMs now) const;
  // Has the grant come to the end that every grant of this provider comes to, or its newest refresh
  // token, because nobody used it?
  [[nodiscard]] bool ended_by_itself(int grant, EpochMs now) const;
  // The first of these.
  [[nodiscard]] bool is_over(int grant, EpochMs now) const;
  // Has a newer one been issued in its place?
  [[nodiscard]] bool is_spent(const RefreshPlace& place) const;
  void end_access(std::string_view text);
  // In the account's settings: of GitHub and Google all that it let the client do.
  void revoked_by_person(int grant);
  // Is it the second use of a grant's token if a request is taken after the replay that repeats it?
  [[nodiscard]] bool minds_overtaking(int grant) const;
  // Whose code it is; -1: nobody's.
  [[nodiscard]] int connection_of_code(std::string_view code) const;
  [[nodiscard]] const Grant& grant(int index) const {
    return grants[static_cast<std::size_t>(index)];
  }

  std::vector<Grant> grants;

 private:
  struct Code {
    int connection;
    int person;
    std::string nonce;
    bool used = false;
  };
  [[nodiscard]] bool is_idle(int grant, const RefreshToken& token, EpochMs now) const;
  // What a token is for.
  struct Use {
    bool arm = false;
    bool guest = false;
  };
  Answer issue(int grant, Use use, EpochMs now, const RefreshPlace* shown,
               const std::string& id_token);

  [[nodiscard]] const ProviderSettings& settings_of(int grant_index) const {
    return plan_.settings.of(grant(grant_index).vendor);
  }
  void end(int grant);
  // What it does with a refresh token that is not to be used.
  void refuse_spent(const RefreshPlace& place);

  const Plan& plan_;
  std::map<std::string, Code, std::less<>> codes_;
  std::map<std::string, AccessToken, std::less<>> access_;
  std::map<std::string, RefreshPlace, std::less<>> refresh_;
  std::uint64_t serial_ = 0;
};

}  // namespace postern::sim
