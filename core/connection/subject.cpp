#include "core/connection/subject.h"

namespace postern {

namespace {

constexpr char kSeparator = '\x1f';
// The character after the separator.
constexpr char kAfterSeparator = '\x20';

}  // namespace

Subject parse_subject(std::string_view text) {
  const auto at = text.find(kSeparator);
  if (at == std::string_view::npos) {
    return {.user_id = text};
  }
  return {.user_id = text.substr(0, at), .account = text.substr(at + 1)};
}

std::string subject_text(const Subject& subject) {
  std::string text(subject.user_id);
  if (subject.is_organization() || subject.account != kDefaultAccount) {
    text += kSeparator;
    text += subject.account;
  }
  return text;
}

SubjectRange accounts_of(std::string_view user_id) {
  const std::string text(user_id);
  return {.exact = text, .first = text + kSeparator, .last = text + kAfterSeparator};
}

}  // namespace postern
