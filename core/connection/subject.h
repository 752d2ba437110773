// Whose account a connection is of, and which of theirs: one text in keys, stored bytes and rows.
//
//   <user id>              a user's `default` account: what 0.1.0 wrote
//   <user id> US <account> another account of that user
//   US <account>           an account of the organization itself
//
// US is the unit separator, 0x1f: no user id and no account holds a control character, so no two
// meet. A release that does not know accounts takes the text for another user's id.
#pragma once

#include <string>
#include <string_view>

namespace postern {

inline constexpr std::string_view kDefaultAccount = "default";
// How the organization itself is spelled where a user's id is expected.
inline constexpr std::string_view kOrganizationName = "-";

struct Subject {
  std::string_view user_id;  // empty: the organization itself
  std::string_view account = kDefaultAccount;

  [[nodiscard]] bool is_organization() const { return user_id.empty(); }
};

// Views `text`.
[[nodiscard]] Subject parse_subject(std::string_view text);
[[nodiscard]] std::string subject_text(const Subject& subject);

// All accounts of one subject are the texts from `first` to before `last`, and `exact`.
struct SubjectRange {
  std::string exact;  // empty: none
  std::string first;
  std::string last;
};
[[nodiscard]] SubjectRange accounts_of(std::string_view user_id);
// What a user's subject begins with at least; the organization's begins with less.
inline constexpr std::string_view kFirstUser = " ";

}  // namespace postern
