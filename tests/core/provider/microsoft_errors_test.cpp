// Every number and suberror of the table: who can mend it, whatever the error beside it is.
// docs/azure.md has the same (tests/structure/documents.test.ts).
#include "core/provider/microsoft_errors.h"

#include <doctest/doctest.h>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "core/base/text.h"
#include "core/oauth/token_response.h"
#include "core/provider/all.h"
#include "core/provider/error_words.h"

using namespace postern;

namespace {

struct Expected {
  std::string_view fix;
  std::string_view codes;
};

constexpr Expected kExpected[] = {
    {"operator",
     "7000215 7000222 7000218 700025 700084 9002327 50011 50194 90002 90038 900382 900432 650057 "
     "650053 70011 50196 7000216 700027 700024 70021 700211 700212 700213"},
    {"administrator",
     "700016 700011 7000229 501051 7000112 70001 50105 53003 530032 530035 53000 53001 530003 "
     "53002 53011 90094 "
     "90095 500011 50001 650051 650052 50057 50053 device_authentication_failed "
     "protection_policy_required"},
    {"user",
     "65001 65004 50076 50078 50079 50072 50158 50173 50055 50144 70008 70043 700082 50020 50034 "
     "51004 16000 500202 54005"},
};

bool is_number(std::string_view code) {
  return code.find_first_not_of("0123456789") == std::string_view::npos;
}

// As the token endpoint says it.
TokenFault fault_of(std::string_view error, std::string_view code) {
  const std::string named = is_number(code) ? R"("error_codes":[)" + std::string(code) + "]"
                                            : R"("suberror":")" + std::string(code) + '"';
  const TokenReply reply{.status = 400,
                         .content_type = "application/json",
                         .retry_after = {},
                         .body = R"({"error":")" + std::string(error) + "\"," + named + "}"};
  auto answer = process_token_response(reply, kMicrosoft.quirks, 0);
  REQUIRE_FALSE(answer.has_value());
  return std::move(answer.error());
}

}  // namespace

TEST_CASE("each number of Entra's says who can mend it, and what it means") {
  std::set<std::string_view> codes;
  for (const auto& [fix, all] : kExpected) {
    for (const auto code : split(all, ' ')) {
      CAPTURE(code);
      CHECK(codes.insert(code).second);
      for (const auto* const error : {"invalid_grant", "invalid_client", "a_word_of_next_year"}) {
        const auto said = fault_of(error, code).said;
        CHECK(who_can_fix("microsoft", said) == fix);
        CHECK_FALSE(meaning_of("microsoft", said).empty());
      }
    }
  }
  CHECK(codes.size() == std::size(kMicrosoftErrorWords));
}

TEST_CASE("no number ends a grant or marks the integration") {
  for (const auto& row : kMicrosoftErrorWords) {
    if (!is_number(row.code)) continue;
    CAPTURE(row.code);
    for (const auto* const error :
         {"interaction_required", "invalid_scope", "a_word_of_next_year"}) {
      const auto kind = fault_of(error, row.code).kind;
      CHECK(kind != FaultKind::terminal);
      CHECK(kind != FaultKind::integration);
    }
  }
}
