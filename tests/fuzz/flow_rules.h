// What must hold of every run of a flow, whatever the world says: which effects it may ask for, and
// what it may answer.
#pragma once

#include <string>
#include <string_view>

#include "core/effect/effects.h"
#include "core/flow/frame/outcome.h"
#include "tests/flows/host/host.h"

namespace postern::fuzz {

// Neither as it is nor inside what base64url hides.
void check_no_secret(std::string_view text);

// Of one run.
class Rules {
 public:
  // `object`: whose storage the run has; null in front flows, which have none. `honest`: nobody has
  // lied about what is stored since the world began.
  Rules(const testing::Object* object, std::string operation, bool* honest);

  void check_effect(const Effect& effect) const;
  void check_outcome(const Outcome& outcome) const;

  void lie() { *honest_ = false; }
  void saw_reply(const Effect& effect, const Reply& reply);
  // It sends events to webhooks: beside the other flows, in whose storage it writes a part.
  [[nodiscard]] bool delivers() const { return delivers_; }

 private:
  void check_commit(const StorageCommit& commit) const;
  void check_version(const std::string& bytes) const;
  void check_call(const Authority& authority) const;
  void check_fetch(const Fetch& fetch) const;
  void check_delivery(const Fetch& fetch) const;

  const testing::Object* object_;
  bool in_authority_;
  bool delivers_;
  std::string operation_;
  bool journal_is_open_ = false;
  bool* honest_;
};

}  // namespace postern::fuzz
