// How bytes look in a trace.
#include <algorithm>

#include "core/base/base64url.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/connection/event.h"
#include "core/connection/journal.h"
#include "core/connection/record.h"
#include "tests/flows/host/trace.h"

namespace postern::testing {

namespace {

constexpr std::size_t kLongestList = 48;

std::string moment(EpochMs time) {
  return time == 0 ? "never" : format_iso8601(time);
}

std::string shown_record(const ConnectionRecord& record) {
  std::string text = "record v" + to_decimal(record.version) + " " +
                     std::string(name_of(record.status)) + " of " + record.id.org + "/" +
                     record.id.integration + "/" + record.id.subject;
  if (!record.account.key.empty()) {
    text += ", account " + record.account.key + " (" + record.account.username + ")";
  }
  if (!record.sealed_refresh_token.empty()) {
    text += ", refresh " + record.sealed_refresh_token + " of v" +
            to_decimal(record.refresh_sealed_version);
  }
  for (const auto& token : record.tokens) {
    text += ", " + token.resource + " " + token.sealed + " of v" +
            to_decimal(token.sealed_version) + " until " + moment(token.expires_at);
  }
  if (!record.cause.empty()) {
    text += ", cause " + record.cause;
  }
  return text;
}

std::string shown_revocations(std::string_view bytes) {
  const auto owed = decode_revocations(bytes).value_or(std::vector<Revocation>());
  if (owed.empty()) {
    return {};
  }
  std::string text = owed.size() == 1
                         ? ", a grant"
                         : ", " + to_decimal(static_cast<std::int64_t>(owed.size())) + " grants";
  text += " to end at the provider";
  for (const auto& each : owed) {
    text += each.asked_at == 0 ? "" : ", asked " + moment(each.asked_at);
  }
  return text;
}

std::string shown_events(std::string_view bytes) {
  std::string text;
  for (const auto& event : decode_events(bytes).value_or(std::vector<Event>())) {
    text += "; " + event.type + " " + event.id + " " + event.data;
  }
  return text;
}

// What the core itself stores, by its own decoders; empty when it is none of it.
std::string shown_stored(std::string_view bytes) {
  if (const auto record = decode_record(bytes)) {
    return shown_record(*record);
  }
  if (const auto journal = decode_journal(bytes)) {
    return std::string(journal->kind == JournalKind::code ? "code" : "refresh") +
           " journal from v" + to_decimal(journal->base_version) + " for " + journal->resource +
           ", try " + to_decimal(journal->attempts) + ", sent " + moment(journal->sent_at) +
           ", again " + moment(journal->retry_at) +
           (!journal->claims_hash.empty() ? ", for claims" : "") +
           (journal->incarnation.empty() ? "" : ", under way in " + journal->incarnation) +
           (journal->kept_reads == 0 ? ""
                                     : ", kept answer taken up " + to_decimal(journal->kept_reads) +
                                           (journal->kept_reads == 1 ? " time" : " times"));
  }
  if (const auto pending = decode_pending(bytes); pending && decode_record(pending->record)) {
    return "pending " + pending->attempt + " until " + moment(pending->expires_at) +
           ", code hash " + pending->code_hash + ", " + shown(pending->record);
  }
  if (const auto outbox = decode_outbox(bytes)) {
    return "outbox after " + to_decimal(outbox->attempts) + " tries, kv " +
           (outbox->kv_done ? "done" : "open") + ", d1 " + (outbox->d1_done ? "done" : "open") +
           (outbox->kv_again_at == 0 ? "" : ", kv again at " + moment(outbox->kv_again_at)) +
           (outbox->retry_at == 0 ? "" : ", again " + moment(outbox->retry_at)) +
           (outbox->worked_at != 0 ? ", the integration works" : "") +
           shown_revocations(outbox->revocations) + shown_events(outbox->events);
  }
  if (const auto events = decode_events(bytes); events && events->size() == 1) {
    return "event" + shown_events(bytes);
  }
  if (const auto delivery = decode_delivery(bytes); delivery && !delivery->webhooks.empty()) {
    auto text = "delivery from event " + to_decimal(delivery->first) + ", seen " +
                to_decimal(delivery->seen) + ", again " + moment(delivery->next_at);
    for (const auto& webhook : delivery->webhooks) {
      text += "; " + webhook.name + " at event " + to_decimal(webhook.next) + " after " +
              to_decimal(webhook.attempts) + " tries";
    }
    return text;
  }
  return {};
}

bool is_plain(std::string_view bytes) {
  for (const char c : bytes) {
    if (c < ' ' || c == 0x7f) {
      return false;
    }
  }
  return true;
}

std::string escaped(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f) {
      text += c;
    } else {
      text += "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
  }
  return text;
}

}  // namespace

std::string shown(std::string_view bytes, std::size_t longest) {
  if (auto stored = shown_stored(bytes); !stored.empty()) {
    return stored;
  }
  if (is_plain(bytes)) {
    if (const auto inner = base64url_decode(bytes); inner && decode_record(*inner)) {
      return "base64url of " + shown(*inner);
    }
    if (bytes.size() > longest) {
      return std::string(bytes.substr(0, longest)) + "… (" + std::to_string(bytes.size()) +
             " bytes)";
    }
    return std::string(bytes);
  }
  std::string list;
  FieldReader fields(bytes);
  while (fields.ok() && !fields.at_end()) {
    const auto field = fields.text();
    list += (list.empty() ? "" : ", ") + (field.empty() ? std::string("-") : shown(field));
  }
  return fields.ok() ? "<" + list + ">" : escaped(bytes);
}

std::string shown_sql(std::string_view sql) {
  std::string text;
  const auto cut = [&](std::string_view list) {
    text += list.size() > kLongestList ? std::string_view("…") : list;
  };
  // What stands between these is a list of columns or of values.
  constexpr std::pair<std::string_view, std::string_view> kLists[] = {
      {"SELECT ", " FROM"}, {"RETURNING ", "\n"}, {" (", ")"}, {"DO UPDATE SET ", " WHERE"}};
  while (!sql.empty()) {
    const auto* list = std::ranges::find_if(
        kLists, [&](const auto& candidate) { return sql.starts_with(candidate.first); });
    if (list == std::end(kLists)) {
      text += sql[0];
      sql.remove_prefix(1);
      continue;
    }
    text += list->first;
    sql.remove_prefix(list->first.size());
    const auto end = std::min(sql.find(list->second), sql.size());
    cut(sql.substr(0, end));
    sql.remove_prefix(end);
  }
  return text;
}

std::string page_text(std::string_view html) {
  std::string text;
  std::string target;
  while (!html.empty()) {
    if (html[0] != '<') {
      const auto end = std::min(html.find('<'), html.size());
      text += html.substr(0, end);
      html.remove_prefix(end);
      continue;
    }
    const auto end = std::min(html.find('>'), html.size() - 1);
    const auto tag = html.substr(0, end + 1);
    html.remove_prefix(end + 1);
    if (tag.starts_with("<title")) {
      html.remove_prefix(std::min(html.find("</title>"), html.size()));
      continue;
    }
    for (const std::string_view attribute : {"action=\"", "href=\"/connect", "class=\"code"}) {
      if (const auto at = tag.find(attribute); at != std::string_view::npos) {
        text += "\n[" + std::string(tag.substr(1, tag.size() - 2)) + "]";
      }
    }
    for (const std::string_view block :
         {"<p", "<h1", "<h2", "<li", "<dt", "<dd", "<button", "<form", "<footer", "<div"}) {
      if (tag.starts_with(block)) {
        text += '\n';
        break;
      }
    }
  }
  std::string lines;
  for (const auto line : split(text, '\n')) {
    if (const auto trimmed = trim(line); !trimmed.empty()) {
      lines += std::string(trimmed) + "\n";
    }
  }
  return lines;
}

}  // namespace postern::testing
