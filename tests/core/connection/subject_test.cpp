#include "core/connection/subject.h"

#include <doctest/doctest.h>
#include <set>
#include <string>

using namespace postern;

TEST_CASE("a user's default account is spelled as it always was") {
  CHECK(subject_text({.user_id = "user-1"}) == "user-1");
  CHECK(subject_text({.user_id = "-"}) == "-");
  CHECK(parse_subject("user-1").user_id == "user-1");
  CHECK(parse_subject("user-1").account == "default");
  CHECK_FALSE(parse_subject("-").is_organization());
}

TEST_CASE("another account, and the organization itself, are spelled as no user is") {
  CHECK(subject_text({.user_id = "user-1", .account = "work"}) == "user-1\x1fwork");
  CHECK(subject_text({.user_id = "", .account = "default"}) ==
        "\x1f"
        "default");
  CHECK(subject_text({.user_id = "", .account = "work"}) == "\x1fwork");
  for (const Subject subject :
       {Subject{.user_id = "user-1"}, Subject{.user_id = "user-1", .account = "work"},
        Subject{.user_id = ""}, Subject{.user_id = "", .account = "work"}}) {
    const auto text = subject_text(subject);
    CHECK(parse_subject(text).user_id == subject.user_id);
    CHECK(parse_subject(text).account == subject.account);
    CHECK(parse_subject(text).is_organization() == subject.is_organization());
  }
}

TEST_CASE("all accounts of one subject lie together, and nobody else's") {
  const auto is_of = [](const std::string& text, std::string_view user_id) {
    const auto range = accounts_of(user_id);
    return (!range.exact.empty() && text == range.exact) ||
           (text >= range.first && text < range.last);
  };
  for (const char* user : {"user-1", "user-10", "user-", "user-1 ", "user-1a", "\xc3\xbc", "-"}) {
    for (const char* account : {"default", "work", "z"}) {
      const auto text = subject_text({.user_id = user, .account = account});
      CHECK(is_of(text, user));
      CHECK(is_of(text, "user-1") == (std::string_view(user) == "user-1"));
      CHECK_FALSE(is_of(text, ""));
      CHECK(text >= kFirstUser);
    }
  }
  const auto own = subject_text({.user_id = "", .account = "work"});
  CHECK(is_of(own, ""));
  CHECK_FALSE(is_of(own, "user-1"));
  CHECK(own < kFirstUser);
}
