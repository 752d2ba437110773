// What a caller asks of the proxy: permissions, a method, path and query. What is sent stays at the
// API's origin, whoever reads its URL, and lies under what a permission names, however often it is
// decoded and whatever a server takes for a separator.
//
// The bytes are read twice: as lines (API, method, permissions, target), and as choices among what
// paths are made of.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/flow/proxy/policy.h"
#include "core/flow/proxy/target.h"
#include "core/provider/catalogue.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/choices.h"

using namespace postern;
using fuzz::check;
using fuzz::Choices;

namespace {

using Names = std::vector<std::string>;

// --- readers of another kind than the core's ---
std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

int digit(char c) {
  const auto at = std::string_view("0123456789abcdef").find(lower(std::string(1, c)));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string decoded_once(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    out += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

Names apart(const std::string& text, const std::string& separators) {
  Names names(1);
  for (const char c : text) {
    if (separators.contains(c)) {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

// A URL as the URL Standard has it (section 4.4), as far as it begins with a special scheme.
struct Read {
  std::string authority;
  Names path;
};
Read read_url(std::string url) {
  std::erase_if(url, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
  url = url.substr(url.find(':') + 1);
  url.erase(0, url.find_first_not_of("/\\"));
  const auto end = std::min(url.find_first_of("/\\?#"), url.size());
  Read read{.authority = url.substr(0, end), .path = {}};
  const auto path = url.substr(end, url.find_first_of("?#", end) - end);
  if (path.empty()) return read;
  const auto names = apart(path.substr(1), "/\\");
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto dots = lower(names[i]);
    for (auto at = dots.find("%2e"); at != std::string::npos; at = dots.find("%2e")) {
      dots.replace(at, 3, ".");
    }
    if (dots == "..") {
      if (!read.path.empty()) read.path.pop_back();
    } else if (dots != ".") {
      read.path.push_back(names[i]);
      continue;
    }
    if (i + 1 == names.size()) read.path.emplace_back();
  }
  return read;
}

// One way in which a server may read a path.
struct Reading {
  int decodings = 1;
  bool backslash = false;   // is a slash
  bool parameters = false;  // of a segment are dropped
  bool merges = false;      // slashes that follow one another
};
Names read_path(std::string path, const Reading& reading) {
  for (int i = 0; i < reading.decodings; ++i) path = decoded_once(path);
  Names names;
  for (auto name : apart(path.substr(1), reading.backslash ? "/\\" : "/")) {
    if (reading.parameters) name = name.substr(0, name.find(';'));
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (name != "." && !(reading.merges && name.empty())) {
      names.push_back(name);
    }
  }
  return names;
}

bool begins(const Names& names, const Names& wanted, bool any_case, bool whole) {
  if (whole ? names.size() != wanted.size() : names.size() < wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool same = any_case ? lower(names[i]) == lower(wanted[i]) : names[i] == wanted[i];
    if (!same && (wanted[i] != "*" || names[i].empty())) return false;
  }
  return true;
}

// --- what is asked ---
struct Question {
  std::string permissions, api, method, target;
};

const Provider& provider_of(const std::string& api) {
  for (const Provider* provider : providers()) {
    if (find_api(*provider, api) != nullptr) return *provider;
  }
  return *providers()[0];
}

bool is_whole_grant(const Question& question) {
  const auto words = apart(question.permissions, " ");
  return std::ranges::contains(words, "proxy") ||
         std::ranges::contains(words, "proxy:" + question.api);
}

// Does a rule let this method do something with the path as it is read so?
bool is_granted(const Question& question, const Names& path, bool any_case) {
  for (const auto& word : apart(question.permissions, " ")) {
    auto parts = apart(word, ":");
    if (parts.size() < 4 || parts[0] != "proxy") continue;
    if (parts[1] != question.api && parts[1] != "azure." + question.api) continue;
    const auto methods = apart(parts[2], ",");
    const bool method = parts[2] == "*" || std::ranges::contains(methods, question.method) ||
                        (question.method == "HEAD" && std::ranges::contains(methods, "GET"));
    auto prefix = parts[3];
    for (std::size_t i = 4; i < parts.size(); ++i) prefix += ":" + parts[i];
    Names wanted;
    for (const auto& name : apart(prefix.substr(std::min<std::size_t>(1, prefix.size())), "/")) {
      // What is written `%2A` would be any segment here: the core is stricter.
      wanted.push_back(decoded_once(name));
    }
    if (prefix == "/") wanted.clear();
    if (method && begins(path, wanted, any_case, false)) return true;
  }
  return false;
}

void check_sent(const Question& question, const ProxyRules& rules) {
  const auto question_mark = question.target.find('?');
  const auto path = question.target.substr(0, question_mark);
  check(is_granted(question, read_path(path, {}), rules.folding == CaseFolding::words));
  for (const int decodings : {1, 2, 3, 8}) {
    for (int flags = 0; flags < 8; ++flags) {
      const Reading reading{.decodings = decodings,
                            .backslash = (flags & 1) != 0,
                            .parameters = (flags & 2) != 0,
                            .merges = (flags & 4) != 0};
      const auto names = read_path(path, reading);
      check(is_granted(question, names, true));
      for (const auto& name : names) check(lower(name) != "$batch" && lower(name) != "graphql");
      for (const auto opaque : rules.opaque_paths) {
        check(!begins(names, apart(std::string(opaque.substr(1)), "/"), true, false));
      }
    }
  }
  if (question_mark == std::string::npos) return;
  for (const auto& field : apart(question.target.substr(question_mark + 1), "&;")) {
    const auto name = lower(decoded_once(field.substr(0, field.find('='))));
    for (const char* bad :
         {"_method", "x-http-method-override", "x-http-method", "x-method-override", "$httpmethod",
          "http-method-override", "_httpmethod", "$httpheaders"}) {
      check(name != bad);
    }
  }
}

void check_place(const std::string& target) {
  const std::string origin = "https://api.example.com";
  const auto read = read_url(origin + target);
  check(read.authority == "api.example.com");
  check(read.path == apart(target.substr(1, target.find_first_of("?#") - 1), "/"));
  // Whoever decodes before it is read finds it there too.
  auto decoded = target.substr(0, target.find('?'));
  for (int i = 0; i < 4; ++i) {
    decoded = decoded_once(decoded);
    const auto climbing = read_path(decoded, {.decodings = 0, .backslash = true});
    check(climbing.size() == apart(decoded.substr(1), "/\\").size());
    check(!decoded.contains('\0') || i > 0);
  }
}

void check_question(const Question& question) {
  const bool may_go = check_target(question.target) == TargetFault::none;
  check(words_of(check_target(question.target)).empty() == may_go);
  if (may_go) check_place(question.target);

  const ProxyRules& rules = provider_of(question.api).proxy;
  const auto decide = [&](const std::string& permissions) {
    return decide_policy({.permissions = permissions,
                          .integration = "azure",
                          .api = question.api,
                          .rules = rules,
                          .method = question.method,
                          .target = question.target});
  };
  const auto decision = decide(question.permissions);
  check(decision.allowed == decision.needs.empty());
  if (decision.allowed && may_go && !is_whole_grant(question)) check_sent(question, rules);

  // Words that are refused grant nothing, and each that is taken grants by itself.
  std::string taken;
  bool any = false;
  for (const auto& word : apart(question.permissions, " ")) {
    if (!word.starts_with(kPolicyPrefix)) continue;
    const auto fault = fault_in_policy_word(word);
    check(!parse_policy_rule(word).has_value() || fault.empty());
    if (!fault.empty()) continue;
    taken += (taken.empty() ? "" : " ") + word;
    any = any || decide(word).allowed;
  }
  if (is_whole_grant(question)) {
    check(decision.allowed);
  } else {
    check(decide(taken).allowed == decision.allowed && any == decision.allowed);
  }
  check(links_policy(taken) <= links_policy(question.permissions));
}

// --- questions of choices ---
constexpr auto kApis = std::to_array<const char*>(
    {"graph", "arm", "slack", "github", "google", "gmail", "api", "nothing"});
constexpr auto kMethods = std::to_array<const char*>({"GET", "HEAD", "POST", "*", "PATCH", "get"});
constexpr auto kNames =
    std::to_array<const char*>({"me", "v1.0", "*", "Users", "batch", "$batch", "graphql", "api",
                                "chat.postMessage", "", ".", "..", "a b", "K\xc3\xa4", "x%2Fy"});
constexpr auto kSlashes =
    std::to_array<const char*>({"/", "//", "%2F", "%5C", "\\", "/./", "/../", ";x/", "%252f", ":/",
                                "%20/", "%3b/", "/%2e%2e/"});
constexpr auto kQueries = std::to_array<const char*>(
    {"", "?", "?a=b", "?_method=PUT", "?x&%5fMethod=PUT", "?X-HTTP-Method-Override=PUT",
     "?$httpMethod=PUT", "?a;_method", "#a"});

std::string spelled(Choices& choices, std::string_view name) {
  std::string out;
  for (const char c : name) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    const std::string escape{digits[byte >> 4], digits[byte & 15]};
    const bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    switch (choices.one_of(8)) {
      case 1:
        out += "%" + escape;
        break;
      case 2:
        out += "%25" + escape;
        break;
      case 3:
        out += letter ? static_cast<char>(c ^ 32) : c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

using Chosen = std::vector<std::string_view>;

// Some of the names, in some spelling.
std::string path_of(const Chosen& names, std::size_t count, Choices& choices) {
  std::string path = "/";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) path += choices.rarely(4) ? kSlashes[choices.one_of(kSlashes.size())] : "/";
    path += choices.rarely(4) ? spelled(choices, names[i]) : std::string(names[i]);
  }
  return path;
}

Chosen some_names(Choices& choices) {
  Chosen names(choices.one_of(6));
  for (auto& name : names) name = kNames[choices.one_of(kNames.size())];
  return names;
}

Question question_of_choices(Choices& choices) {
  Question question{.permissions = "connect",
                    .api = kApis[choices.one_of(kApis.size())],
                    .method = kMethods[choices.one_of(kMethods.size())],
                    .target = {}};
  const auto names = some_names(choices);
  const auto rules = choices.one_of(3) + 1;
  for (std::size_t i = 0; i < rules; ++i) {
    // What begins as the target does is of more interest than what does not.
    auto wanted = choices.rarely(4) ? some_names(choices) : names;
    for (auto& name : wanted) name = choices.rarely(8) ? "*" : name;
    const auto rule = path_of(wanted, choices.one_of(wanted.size() + 1), choices);
    constexpr auto integrations = std::to_array<const char*>({"", "", "azure.", "other."});
    question.permissions +=
        std::string(" proxy:") + integrations[choices.one_of(4)] +
        (choices.rarely(4) ? kApis[choices.one_of(kApis.size())] : question.api.c_str()) + ":" +
        kMethods[choices.one_of(kMethods.size())] + ":" +
        (choices.rarely(4) ? choices.mutated(rule) : rule);
  }
  const auto target = path_of(names, names.size(), choices) +
                      kQueries[choices.rarely(4) ? choices.one_of(kQueries.size()) : 0];
  question.target = choices.rarely(4) ? choices.mutated(target) : target;
  return question;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto lines = apart(std::string(fuzz::text_of(data, size)), "\n");
  lines.resize(4);
  check_question(
      {.permissions = lines[2], .api = lines[0], .method = lines[1], .target = lines[3]});
  Choices choices(data, size);
  check_question(question_of_choices(choices));
  return 0;
}
