#include "core/oauth/provider_words.h"

namespace postern {

namespace {

struct Word {
  std::string_view label;   // in an evidence
  std::string_view member;  // of a problem
  std::string ProviderWords::* text;
};

constexpr Word kWords[] = {
    {"", "provider_error", &ProviderWords::error},
    {"suberror ", "suberror", &ProviderWords::suberror},
    {"code ", "error_codes", &ProviderWords::codes},
    {"reference ", "correlation_id", &ProviderWords::correlation},
    {"trace ", "trace_id", &ProviderWords::trace},
    {"at ", "timestamp", &ProviderWords::timestamp},
};
constexpr std::string_view kSeparator = ", ";

}  // namespace

std::string evidence_of(const ProviderWords& words) {
  std::string evidence;
  for (const auto& word : kWords) {
    const std::string& text = words.*word.text;
    if (text.empty()) continue;
    if (!evidence.empty()) evidence += kSeparator;
    evidence += word.label;
    evidence += text;
  }
  return evidence;
}

ProviderWords words_of_evidence(std::string_view evidence) {
  ProviderWords words;
  while (!evidence.empty()) {
    const auto end = evidence.find(kSeparator);
    auto piece = evidence.substr(0, end);
    evidence.remove_prefix(end == std::string_view::npos ? evidence.size()
                                                         : end + kSeparator.size());
    const Word* found = &kWords[0];
    for (const auto& word : kWords) {
      if (!word.label.empty() && piece.starts_with(word.label)) found = &word;
    }
    piece.remove_prefix(found->label.size());
    words.*found->text = piece;
  }
  return words;
}

std::string_view first_code(const ProviderWords& words) {
  return std::string_view(words.codes).substr(0, words.codes.find(','));
}

void add_members(const ProviderWords& words, Pairs& members) {
  for (const auto& word : kWords) {
    if (!(words.*word.text).empty()) members.emplace_back(word.member, words.*word.text);
  }
}

}  // namespace postern
