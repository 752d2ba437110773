#include "tests/flows/host/trace.h"

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/effect/codec.h"

namespace postern::testing {

namespace {

constexpr std::string_view kEntries[] = {"http", "rpc", "authority", "alarm"};
constexpr std::size_t kLongestOutcome = 4096;
constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

std::string shown_value(const SqlValue& value) {
  if (const auto* integer = value.integer()) {
    return to_decimal(*integer);
  }
  const auto* text = value.text();
  return text == nullptr ? "NULL" : "'" + shown(*text) + "'";
}

std::string shown_values(const std::vector<SqlValue>& values) {
  std::string line;
  for (const auto& value : values) {
    line += (line.empty() ? "" : ", ") + shown_value(value);
  }
  return line;
}

std::string seconds(DurationMs duration) {
  return to_decimal(duration / kSecondMs) + " s";
}

constexpr std::string_view kIndent = "\n        ";

// One line for what is asked, indented lines for what goes with it.
std::string shown_effect(const Effect& effect) {
  const std::string indent(kIndent);
  return std::visit(
      Overloaded{
          [&](const Fetch& e) {
            std::string text = e.method + " " + e.url + " within " + seconds(e.deadline_ms);
            for (const auto& [name, value] : e.headers) {
              text += indent + name + ": " + value;
            }
            if (!e.body.empty()) {
              const auto fields = form_decode(e.body);
              for (const auto& [name, value] : fields ? *fields : FormFields()) {
                text += indent + name + "=" + value;
              }
            }
            if (!e.keep_key.empty()) {
              text += indent + "kept as " + e.keep_key + " for " + e.keep_org + ", " +
                      shown(e.keep_context);
            }
            return text;
          },
          [&](const KvGet& e) { return e.key; },
          [&](const KvPut& e) {
            return e.key + " for " + to_decimal(e.ttl_seconds) + " s" + indent + shown(e.value);
          },
          [&](const KvDelete& e) { return e.key; },
          [&](const Sql& e) {
            std::string text;
            for (const auto& statement : e.statements) {
              text += (text.empty() ? e.database + ": " : indent) + shown_sql(statement.sql);
              if (!statement.parameters.empty()) {
                text += indent + "  " + shown_values(statement.parameters);
              }
            }
            return text;
          },
          [&](const Authority& e) {
            return e.operation + " at " + e.binding + " " + e.name +
                   (e.jurisdiction.empty() ? "" : " under " + e.jurisdiction) +
                   (e.location_hint.empty() ? "" : " near " + e.location_hint) +
                   (e.restart ? ", then again from the beginning" : ", whose outcome is ours") +
                   (e.note.empty() ? "" : ", note " + e.note) + indent + shown(e.payload);
          },
          [&](const StorageRead& e) {
            std::string text;
            for (const auto& key : e.keys) {
              text += (text.empty() ? "" : ", ") + key;
            }
            return text;
          },
          [&](const StorageCommit& e) {
            std::string text = !e.alarm_at        ? "alarm as it is"
                               : *e.alarm_at == 0 ? "no alarm"
                                                  : "alarm at " + format_iso8601(*e.alarm_at);
            for (const auto& [key, value] : e.puts) {
              text += indent + "put " + key + ": " + shown(value);
            }
            for (const auto& key : e.deletes) {
              text += indent + "delete " + key;
            }
            return text;
          },
          [&](const Seal& e) {
            return "for " + e.org + ", " + shown(e.context) + indent + shown(e.plaintext);
          },
          [&](const Open& e) {
            return "for " + e.org + ", " + shown(e.context) + indent + shown(e.sealed);
          },
          [&](const VerifySignature& e) {
            return e.algorithm + " by " + shown(e.jwk) + indent + shown(e.data);
          },
          [&](const Sign& e) {
            return "for " + e.org + ", " + shown(e.context) + indent + e.algorithm + " by " +
                   shown(e.sealed_key) + indent + shown(e.data);
          },
          [&](const MemoryGet& e) { return e.key; },
          [&](const MemoryPut& e) {
            return e.value.empty()
                       ? "forget " + e.key
                       : e.key + " until " + format_iso8601(e.expires_at) + indent + shown(e.value);
          },
          [&](const Delay& e) { return std::to_string(e.delay_ms) + " ms"; },
          [&](const Log& e) {
            std::string text =
                std::string(kLevels[static_cast<std::size_t>(e.level)]) + " " + e.event;
            for (const auto& [name, value] : e.fields) {
              text += " " + name + "=" + value;
            }
            return text;
          }},
      effect);
}

struct ReplyText {
  std::string indent;

  template <class Value>
  std::string operator()(const Result<Value, HostFault>& reply) const {
    return reply ? body(*reply) : "fault: " + std::string(postern::name_of(reply.error()));
  }
  std::string operator()(const std::optional<std::string>& value) const { return body(value); }
  std::string operator()(std::monostate) const { return {}; }

  [[nodiscard]] std::string body(const HttpReply& reply) const {
    std::string text = to_decimal(reply.status);
    for (const auto& [name, value] : reply.headers) {
      text += indent + name + ": " + value;
    }
    return reply.body.empty() ? text : text + indent + shown(reply.body);
  }
  [[nodiscard]] std::string body(std::monostate) const { return "done"; }
  [[nodiscard]] std::string body(const std::optional<std::string>& value) const {
    return value ? shown(*value) : "nothing";
  }
  [[nodiscard]] std::string body(const std::vector<std::optional<std::string>>& values) const {
    std::string text;
    for (const auto& value : values) {
      text += (text.empty() ? "" : indent) + body(value);
    }
    return text;
  }
  [[nodiscard]] std::string body(const std::string& value) const { return shown(value); }
  [[nodiscard]] std::string body(bool value) const { return value ? "true" : "false"; }
  [[nodiscard]] std::string body(const std::vector<SqlOutcome>& outcomes) const {
    std::string text;
    for (const auto& outcome : outcomes) {
      text += (text.empty() ? "" : indent) +
              to_decimal(static_cast<std::int64_t>(outcome.rows.size())) +
              (outcome.rows.size() == 1 ? " row, " : " rows, ") + to_decimal(outcome.changes) +
              " changed";
      for (const auto& row : outcome.rows) {
        text += indent + "  " + shown_values(row);
      }
    }
    return text;
  }
};

std::string numbered(EffectId id) {
  const auto text = to_decimal(id);
  return std::string(text.size() < 3 ? 3 - text.size() : 0, ' ') + text;
}

}  // namespace

void Trace::line(std::string_view text) {
  if (!in_block_) {
    text_ += "\n```\n";
    in_block_ = true;
  }
  text_ += text;
  text_ += '\n';
}

void Trace::close_block() {
  if (in_block_) {
    text_ += "```\n";
    in_block_ = false;
  }
}

void Trace::title(std::string_view heading, std::string_view prose) {
  text_ += "# " + std::string(heading) + "\n\n" + std::string(prose) + "\n";
}

void Trace::section(std::string_view heading, std::string_view prose) {
  close_block();
  text_ += "\n## " + std::string(heading) + "\n";
  if (!prose.empty()) {
    text_ += "\n" + std::string(prose) + "\n";
  }
}

void Trace::began(const FlowInput& input) {
  close_block();
  line(input.operation + " by " + std::string(kEntries[static_cast<std::size_t>(input.entry)]) +
       " at " + format_iso8601(input.now));
  if (!input.binding_org.empty()) {
    line("    binding: org " + input.binding_org + ", permissions " + input.binding_permissions);
  }
  for (const auto& [name, value] : input.path) {
    line("    path " + name + ": " + value);
  }
  if (!input.query.empty()) {
    line("    query: " + shown(input.query));
  }
  for (const auto& [name, value] : input.headers) {
    line("    header " + name + ": " + value);
  }
  if (!input.body.empty()) {
    line("    body: " + shown(input.body));
  }
  if (!input.entropy.empty()) {
    line("    entropy: " + to_decimal(static_cast<std::int64_t>(input.entropy.size())) +
         " bytes, the first is " + to_decimal(static_cast<unsigned char>(input.entropy[0])));
  }
  if (input.authority_reply) {
    line("    the authority answered: " + shown(*input.authority_reply));
  }
}

void Trace::asked(const IssuedEffect& issued) {
  line(numbered(issued.id) + " " + std::string(postern::name_of(issued.effect)) + " " +
       shown_effect(issued.effect));
}

void Trace::answered(const IssuedEffect& issued, const Reply& reply) {
  const auto text = std::visit(ReplyText{std::string(kIndent)}, reply);
  if (!text.empty()) {
    line(numbered(issued.id) + " = " + text);
  }
}

void Trace::crashed(bool object_survives) {
  line(object_survives ? "    the flow traps here" : "    the object dies here");
}

void Trace::ended(const Outcome& outcome) {
  line("=> " + to_decimal(outcome.status) + " " + std::string(name_of(outcome.kind)));
  for (const auto& [name, value] : outcome.headers) {
    line("    " + name + ": " + value);
  }
  if (outcome.kind == OutcomeKind::page) {
    for (const auto row : split(page_text(outcome.body), '\n')) {
      if (!row.empty()) {
        line("    " + std::string(row));
      }
    }
  } else if (!outcome.body.empty()) {
    line("    " + shown(outcome.body, kLongestOutcome));
  }
  close_block();
}

void Trace::crossed(bool is_start, std::string_view in, Step step, std::string_view out) {
  transcript_.text(is_start ? "start" : "resume")
      .text(in)
      .number(static_cast<std::int64_t>(step))
      .text(out);
}

}  // namespace postern::testing
