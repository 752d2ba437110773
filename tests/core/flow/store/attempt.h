// An attempt to connect, as a link and as a state.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/flow/store/links.h"
#include "core/flow/store/states.h"
#include "tests/core/flow/store/table.h"

namespace postern::testing {

inline constexpr std::string_view kAttempt = "att_AAAAAAAAAAAAAAAAAAAAAA";

inline LinkRow link() {
  return {.hash = "link",
          .attempt = std::string(kAttempt),
          .id = kId,
          .tenant = "common",
          .return_to = "https://app.example.com/",
          .confirm = "backend",
          .allow_other_account = true,
          .claims = "{}",
          .created_at = kNow,
          .expires_at = kNow + 10,
          .consumed_at = 0};
}

inline StateRow state(std::string hash = "state", std::string mode = "browser") {
  return {.state_hash = std::move(hash),
          .cookie_hash = mode == "browser" ? "cookie" : "",
          .mode = std::move(mode),
          .attempt = std::string(kAttempt),
          .id = kId,
          .tenant = "common",
          .redirect_uri = "https://postern.example.com/callback",
          .code_challenge = "challenge",
          .sealed_verifier = "sealed",
          .return_to = "",
          .confirm = "page",
          .allow_other_account = false,
          .created_at = kNow,
          .expires_at = kNow + 10};
}

}  // namespace postern::testing
