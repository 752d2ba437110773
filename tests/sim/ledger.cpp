#include "tests/sim/ledger.h"

#include <algorithm>

#include "core/base/form.h"
#include "core/base/text.h"
#include "core/connection/token_name.h"
#include "core/flow/authority/store.h"
#include "tests/sim/seal.h"

namespace postern::sim {

Ledger::GrantBook& Ledger::grant(int index) {
  if (grants_.size() <= static_cast<std::size_t>(index)) {
    grants_.resize(static_cast<std::size_t>(index) + 1);
  }
  return grants_[static_cast<std::size_t>(index)];
}

void Ledger::violated(int invariant, std::string text) {
  broken_ = true;
  if (!violation_ && (only_ == 0 || only_ == invariant)) {
    violation_ = {.invariant = invariant, .text = std::move(text)};
  }
}

std::optional<RefreshPlace> Ledger::refresh_in(const ConnectionRecord& record) const {
  if (record.sealed_refresh_token.empty()) {
    // The provider may have given none: then the access token tells whose record it is.
    for (const auto& token : record.tokens) {
      const auto access = world_.open(
          record.id.org,
          seal_context(record.id, "access_token:" + token.resource, token.sealed_version),
          without_kid(token.sealed));
      const auto* found = access ? provider_.find_access(*access) : nullptr;
      if (found != nullptr && provider_.grants[static_cast<std::size_t>(found->grant)].withheld) {
        return RefreshPlace{.grant = found->grant, .index = 0};
      }
    }
    return std::nullopt;
  }
  const auto text = world_.open(
      record.id.org, seal_context(record.id, "refresh_token", record.refresh_sealed_version),
      without_kid(record.sealed_refresh_token));
  return text ? provider_.find_refresh(*text) : std::nullopt;
}

int Ledger::leaves(int connection, const TokenRequest& request, const testing::Object& object,
                   EpochMs now) {
  auto& state = at(connection);
  if (++state.in_flight > 1) {
    violated(3, "two token requests are in flight");
  }
  const auto fields = form_decode(request.body).value_or(FormFields());
  const auto field = [&](std::string_view name) {
    const auto found = std::ranges::find(fields, name, &FormFields::value_type::first);
    return found == fields.end() ? std::string() : found->second;
  };
  if (request.vendor != plan_.vendor(connection) ||
      field("client_secret") != facts_of(request.vendor).client_secret) {
    violated(7, "a token request goes to another provider");
  }
  const auto shown = field("refresh_token");
  if (shown.empty()) {
    if (provider_.connection_of_code(field("code")) != connection) {
      violated(7, "another connection's code is redeemed");
    }
    return -1;
  }
  const auto place = provider_.find_refresh(shown);
  if (!place) {
    violated(2, "a refresh token is shown that nobody issued");
    return -1;
  }
  if (provider_.grant(place->grant).connection != connection) {
    violated(7, "another connection's refresh token is shown");
  }
  // What was known of it went with the storage: where a late second use does harm that is waited
  // for all the same.
  if (state.stragglers.contains(place->grant) &&
      (!state.lost || provider_.minds_overtaking(place->grant))) {
    violated(3, "a refresh overtakes the request of an object that died");
  }
  if (state.lingering.contains(place->grant) && provider_.minds_overtaking(place->grant)) {
    violated(3, "a refresh overtakes a request that may be at work still");
  }
  const auto stored = object.storage.find(std::string(kJournalKey));
  const auto journal =
      stored == object.storage.end() ? std::nullopt : decode_journal(stored->second);
  if (!journal) {
    violated(2, "a token request leaves without a journal");
    return place->grant;
  }
  const bool unknown = journal->attempts > 1 || object.storage.contains(std::string(kRecoveredKey));
  if (unknown) {
    coverage_.count("refresh", "outcome_unknown_replayed");
  }
  if (provider_.is_spent(*place) && !unknown &&
      (provider_.minds_overtaking(place->grant) || !grant(place->grant).was_taken_late)) {
    violated(2, "a spent refresh token is shown, and the journal knows nothing of it");
  }
  if (place->index < grant(place->grant).newest_received && !state.lost && !state.rolled_back) {
    violated(1, "an older refresh token is shown than the newest that arrived");
  }
  const auto record_bytes = object.storage.find(std::string(kRecordKey));
  const auto record =
      record_bytes == object.storage.end() ? std::nullopt : decode_record(record_bytes->second);
  const auto* token = record ? record->token_for(journal->resource) : nullptr;
  const bool alive = token != nullptr && (token->expires_at == 0 || token->expires_at > now);
  const bool for_claims = request.body.contains("&claims=");
  if (request.arrived_at != 0 && !unknown && alive && !for_claims &&
      token->minted_at >= request.arrived_at) {
    violated(3, "a refresh for a caller who came before the newest token was minted");
  }
  return place->grant;
}

void Ledger::leaves_unasked(int connection, DurationMs mono) {
  // Two resources, each once a minute at most (schedule.cpp), and some tries in vain.
  constexpr std::size_t kMostInAnHour = 150;
  auto& times = at(connection).unasked;
  while (!times.empty() && times.front() + kHourMs < mono) {
    times.pop_front();
  }
  times.push_back(mono);
  if (times.size() > kMostInAnHour) {
    violated(3, "a provider is asked unasked " +
                    to_decimal(static_cast<std::int64_t>(times.size())) + " times in an hour");
  }
}

void Ledger::received(int connection, const RefreshPlace& place) {
  auto& book = grant(place.grant);
  if (book.newest_received < 0) {
    const int own = at(connection).grant;
    book.is_other = own >= 0 && provider_.grant(own).person != provider_.grant(place.grant).person;
    at(connection).last_sign_in = place.grant;
    at(connection).backend_grant = place.grant;
  }
  book.newest_received = std::max(book.newest_received, place.index);
}

void Ledger::disconnected(int connection, DurationMs mono) {
  auto& state = at(connection);
  // Only a sign-in that arrives from now on may begin it anew.
  state.ended = true;
  state.last_sign_in = -1;
  state.answered.clear();
  if (state.grant >= 0 && grant(state.grant).replaced_at < 0) {
    grant(state.grant).replaced_at = mono;
  }
}

void Ledger::storage_lost(int connection, bool backups_have_it) {
  auto& state = at(connection);
  state.record.clear();
  state.version = 0;
  state.status = Status::not_connected;
  state.lost = state.lost || !backups_have_it;
}

void Ledger::account_refused(int connection) {
  if (const auto grant_index = at(connection).last_sign_in; grant_index >= 0) {
    grant(grant_index).refused = true;
  }
}

void Ledger::check_tokens(int connection, const ConnectionRecord& record, DurationMs mono,
                          std::string_view operation) {
  auto& state = at(connection);
  const auto place = refresh_in(record);
  if (!place) {
    violated(1, "the record holds no refresh token that the provider issued");
    return;
  }
  auto& book = grant(place->grant);
  book.committed = true;
  if (provider_.grants[static_cast<std::size_t>(place->grant)].connection != connection) {
    violated(7, "the record holds the grant of another connection");
  }
  const bool is_older = place->index < book.newest_received;
  if (operation == "authority.rollback") {
    state.rolled_back = is_older || place->grant < state.grant;
    book.rolled_back = book.rolled_back || is_older;
  } else {
    state.rolled_back = state.rolled_back && is_older && place->grant == state.grant;
  }
  if (is_older && !state.lost && !state.rolled_back) {
    violated(1, "the record holds an older refresh token than the newest that arrived");
  }
  if (state.grant != place->grant) {
    if (state.grant >= 0) {
      grant(state.grant).replaced_at = mono;
    }
    if (operation == "authority.refresh" && state.grant > place->grant && !state.lost) {
      violated(6, "an earlier grant came back");
    }
    book.replaced_at = -1;
    state.grant = place->grant;
  }
}

void Ledger::committed(int connection, const testing::Object& object, std::string_view operation,
                       DurationMs mono, EpochMs now, EpochMs may_drop) {
  auto& state = at(connection);
  const auto stored_outbox = object.storage.find(std::string(kOutboxKey));
  const auto outbox =
      stored_outbox == object.storage.end() ? std::nullopt : decode_outbox(stored_outbox->second);
  const bool owes = outbox && !outbox->kv_done;
  state.owed_at = owes || state.owes ? mono : state.owed_at;
  state.owes = owes;
  if (const auto pending = object.storage.find(std::string(kPendingKey));
      pending != object.storage.end()) {
    const auto decoded = decode_pending(pending->second);
    const auto record = decoded ? decode_record(decoded->record) : std::nullopt;
    const auto place = record ? refresh_in(*record) : std::nullopt;
    if (place) {
      grant(place->grant).committed = true;
    }
  }
  note_sign_in(state, object, may_drop);
  const auto stored = object.storage.find(std::string(kRecordKey));
  if (stored == object.storage.end() || stored->second == state.record) {
    return;
  }
  const auto record = decode_record(stored->second);
  if (!record) {
    violated(1, "the authority stored a record that cannot be read");
    return;
  }
  const auto before = decode_record(state.record);
  state.record = stored->second;
  if (record->id != id_of(plan_.owner(connection))) {
    violated(7, "the authority stored the record of another connection");
  }
  if (record->version <= state.version) {
    violated(1, "the record's version does not grow");
  }
  const bool first = state.version == 0;
  // A tombstone is renewed where a sign-in is under way when the connection is ended again.
  const bool renewed = state.status == Status::revoked && record->status == Status::revoked;
  if (!first && !renewed && !may_become(state.status, record->status)) {
    violated(5, "a transition that there is not: " + std::string(name_of(state.status)) + " to " +
                    std::string(name_of(record->status)));
  }
  coverage_.count("transition",
                  std::string(name_of(state.status)) + "->" + std::string(name_of(record->status)));
  const bool recovered = object.storage.contains(std::string(kRecoveredKey));
  if (record->status == Status::revoked) {
    if (operation != "authority.disconnect" && !recovered) {
      violated(1, "a connection was ended that nobody ended");
    }
    disconnected(connection, mono);
  } else if (record->status == Status::needs_reauth) {
    // A guest's token is another directory's, and the connection waits as before.
    const bool waits_still =
        before && before->status == Status::needs_reauth && before->cause == record->cause;
    if (waits_still) {
      check_tokens(connection, *record, mono, operation);
    } else if (!recovered) {
      check_dead(connection, *record, now);
    }
  } else if (record->status == Status::connected) {
    const auto place = refresh_in(*record);
    if (state.ended && !state.lost && place && !state.answered.contains(place->grant)) {
      violated(6, "a connection came back that was ended");
    }
    state.ended = false;
    // Whoever signs in anew begins anew.
    if (state.lost && !recovered &&
        (operation == "authority.connect" || operation == "authority.confirm")) {
      state.lost = false;
      state.last_sign_in = place ? place->grant : -1;
    }
    check_tokens(connection, *record, mono, operation);
  }
  state.version = record->version;
  state.status = record->status;
}

void Ledger::shown(int connection, Vendor vendor, std::string_view text) {
  const auto* token = provider_.find_access(text);
  if (token == nullptr || provider_.grant(token->grant).connection != connection) {
    violated(7, "an access token is shown that is not this connection's");
  } else if (provider_.grant(token->grant).vendor != vendor) {
    violated(7, "an access token is shown to another provider");
  }
}

void Ledger::served(int connection, std::string_view resource, std::string_view text,
                    DurationMs mono, std::string_view until) {
  const auto& state = at(connection);
  const auto* token = provider_.find_access(text);
  if (token == nullptr) {
    violated(7, "a token is served that nobody issued");
    return;
  }
  const auto& truth = provider_.grants[static_cast<std::size_t>(token->grant)];
  if (truth.connection != connection) {
    violated(7, "a token of another connection is served");
  } else if (token->arm != (api_of_token(resource) == "arm") ||
             token->guest != is_of_guest(resource)) {
    violated(7, "a token for another resource is served");
  }
  if (!until.empty() && until > format_iso8601(token->expires_at)) {
    violated(5, "a token is said to live until " + std::string(until) + " and ends at " +
                    format_iso8601(token->expires_at));
  }
  const auto& book = grant(token->grant);
  if (!book.committed) {
    violated(1, "a token is served of a grant that was never stored");
  }
  if (book.replaced_at < 0) {
    return;
  }
  coverage_.count("served", "after_its_grant_was_replaced");
  const auto known_to_kv = state.owes ? mono : std::max(book.replaced_at, state.owed_at);
  if (mono > known_to_kv + kReadBoundMs && !state.lost) {
    violated(6, "a token is served " + to_decimal((mono - book.replaced_at) / kSecondMs) +
                    " s after its grant was replaced or ended");
  } else if (mono > book.replaced_at + kReadBoundMs) {
    coverage_.count("served", "beyond_the_bound_because_kv_was_owed_it");
  }
}

void Ledger::at_rest(int connection, const testing::Object& object, bool ringing, EpochMs now) {
  if (ringing) {
    return;
  }
  const auto stored = [&](std::string_view key) {
    const auto found = object.storage.find(std::string(key));
    return found == object.storage.end() ? std::string() : found->second;
  };
  const auto open = decode_journal(stored(kJournalKey));
  const auto delivery = decode_delivery(stored(kDeliveryKey)).value_or(Delivery());
  const auto events = parse_decimal(stored(kEventsKey)).value_or(0);
  // After many tries in vain nobody asks by alarm any more.
  const bool owes = (open && open->attempts <= kMostUnaskedTries) ||
                    object.storage.contains(std::string(kSignInKey)) ||
                    object.storage.contains(std::string(kOutboxKey)) ||
                    object.storage.contains(std::string(kPendingKey)) ||
                    delivery_due_at(delivery, events, now) != 0;
  if (owes && object.alarm_at == 0) {
    violated(5, "something is owed, and no alarm is armed");
  }
  const auto record = decode_record(stored(kRecordKey));
  const auto pauses = decode_pauses(stored(kPausesKey));
  std::vector<std::string> paused;
  EpochMs latest = 0;  // by when the alarm is to ring
  constexpr DurationMs kSpreadMs = 15 * kMinuteMs;
  while (record && !open) {
    const auto due = next_refresh(*record, policy(connection), paused);
    if (due.at == 0) {
      break;
    }
    const auto until = paused_until(pauses, *record, due.resource, now);
    if (until <= std::max(due.at, now)) {
      // What was due and did not come about is due again, after a quarter of that time.
      latest = earlier_alarm(
          latest, std::max(due.at, now) + kSpreadMs + patience(due.at, now, kDueAgainMs));
      break;
    }
    const auto pause = std::ranges::find(pauses, due.resource, &Pause::resource);
    if (until > now + patience(pause->since, now, kDueAgainMs) + kDueAgainMs) {
      violated(5, "a resource is paused for longer than it has failed");
    }
    latest = earlier_alarm(latest, until + kSpreadMs + kDueAgainMs);
    paused.push_back(due.resource);
  }
  if (latest != 0 && (object.alarm_at == 0 || object.alarm_at > latest)) {
    violated(5, "a refresh is due, and no alarm is armed for it");
  }
}

void Ledger::count_fates() {
  for (const auto& book : grants_) {
    if (book.newest_issued > book.newest_received) {
      coverage_.count("fate", "at_risk");
    }
  }
}

}  // namespace postern::sim
