// The identity provider as it truly is: grants, the refresh tokens of each in their order, access
// tokens, codes. What the core makes of its answers is the core's affair.
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
  int connection = 0;  // whose sign-in it was
  int account = 0;
  EpochMs born_at = 0;
  bool alive = true;
  bool ended_by_person = false;
  bool ended_by_reuse = false;
  bool withheld = false;  // its refresh token: nobody has it
  std::vector<RefreshToken> refresh_tokens;
};

struct AccessToken {
  int grant = 0;
  bool arm = false;
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

class Provider {
 public:
  explicit Provider(const Plan& plan) : settings_(plan.settings), seed_(plan.seed) {}

  // A person agrees; answers the code.
  [[nodiscard]] std::string authorize(int connection, int account, std::string nonce);
  // A token request that arrived. `issued`: whose tokens the answer holds.
  struct Answer {
    HttpReply reply;
    std::optional<RefreshPlace> issued;
  };
  [[nodiscard]] Answer token(std::string_view body, EpochMs now, bool secret_is_wrong,
                             Consent consent);
  // A request to Graph or ARM. nullptr: 401.
  [[nodiscard]] const AccessToken* access(std::string_view text, bool arm, EpochMs now) const;
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
  // Is it the second use of a token if a request is taken after the replay that repeats it?
  [[nodiscard]] bool minds_overtaking() const;

  std::vector<Grant> grants;

 private:
  struct Code {
    int connection;
    int account;
    std::string nonce;
    bool used = false;
  };
  [[nodiscard]] bool is_idle(const RefreshToken& token, EpochMs now) const;
  Answer issue(int grant, bool arm, EpochMs now, const RefreshPlace* shown,
               const std::string& id_token);

  const Settings& settings_;
  std::uint64_t seed_;
  std::map<std::string, Code, std::less<>> codes_;
  std::map<std::string, AccessToken, std::less<>> access_;
  std::map<std::string, RefreshPlace, std::less<>> refresh_;
  std::uint64_t serial_ = 0;
};

}  // namespace postern::sim
