#include <array>
#include <cstddef>

#include "core/base/text.h"
#include "core/page/layout.h"
#include "core/page/page.h"

namespace postern {
namespace {

// {0} organization, {1} provider, {2} account that signed in, {3} account connected before.
struct ResultText {
  PageKind kind;
  int status;
  std::string_view code;
  std::string_view tone;
  std::string_view heading;
  std::string_view happened;
  std::string_view next;
};

// In the order of PageKind, which the assertion below holds.
constexpr std::array kResults = {
    ResultText{PageKind::connected, 200, "connected", "done", "Your account at {1} is connected",
               "{0^} can now use {2}.", "You can close this page."},
    ResultText{PageKind::denied, 403, "access_denied", "calm", "No access was given",
               "{1^} says that you declined, so {0} cannot use your account. Nothing was changed.",
               "If that is what you wanted, close this page. "
               "If not, go back to {0} and start again."},
    ResultText{PageKind::link_expired, 410, "link_expired", "calm", "This link has expired",
               "For your safety a link works for a few minutes only. "
               "Nothing was connected, and nothing is lost.",
               "Go back to {0} and ask for a new link."},
    ResultText{PageKind::link_used, 410, "link_used", "calm", "This link was already used",
               "Each link works once. What it connected stays connected.",
               "If the sign-in is open in another tab, finish there. "
               "If you did not use this link yourself, tell {0}. "
               "To connect again, ask {0} for a new link."},
    ResultText{PageKind::link_unknown, 404, "link_unknown", "calm", "This link does not exist",
               "It may be incomplete, or too old. Nothing was connected, and nothing is lost.",
               "Check that you have the whole link, or go back to {0} and ask for a new one."},
    ResultText{PageKind::wrong_browser, 403, "wrong_browser", "alert",
               "This sign-in began in another browser",
               "To protect your account, only the browser that began can finish. "
               "Nothing was connected here.",
               "If you began it yourself, go back to that browser: it can still finish there. "
               "If its cookies are switched off, switch them on and start again from {0}. "
               "If somebody sent you here, close this page."},
    ResultText{PageKind::attempt_used_or_expired, 410, "attempt_used_or_expired", "calm",
               "This sign-in is already over",
               "It was finished before, or it took too long. Nothing new was connected, "
               "and what was connected before stays connected.",
               "If your account is not connected yet, go back to {0} and start again."},
    ResultText{PageKind::other_account, 409, "other_account", "alert",
               "That is a different account",
               "You signed in with {2}, but {0} is connected to {3}. "
               "That connection stays as it was.",
               "To renew it, go back to {0}, start again and choose {3}. "
               "To use the other account instead, disconnect the first one in {0}."},
    ResultText{PageKind::provider_refused, 403, "provider_refused", "alert",
               "The sign-in was refused by {1}",
               "{1^} did not let {0} use your account. Nothing was changed.",
               "Your administrator may have to allow it first: show them the reference below. "
               "Then go back to {0} and start again."},
    ResultText{PageKind::provider_unavailable, 502, "provider_unavailable", "alert",
               "No answer from {1}",
               "{1^} could not be reached, so your account was not connected. "
               "What was connected before stays connected.",
               "Wait a few minutes, then go back to {0} and start again."},
    ResultText{PageKind::integration_fault, 500, "integration_fault", "alert",
               "This connection is not set up correctly",
               "{1^} does not accept the settings of {0}. You did nothing wrong, "
               "and what was connected before stays connected.",
               "Tell the people who run {0}, and give them the reference below."},
    ResultText{PageKind::service_unavailable, 503, "service_unavailable", "alert",
               "This cannot be finished right now",
               "Something on our side is not working. "
               "What was connected before stays connected.",
               "Wait a few minutes, then go back to {0} and start again."},
    ResultText{PageKind::outcome_unknown, 503, "outcome_unknown", "calm",
               "It is not known yet whether this worked",
               "You signed in, but the last step is taking longer than it should. "
               "It may still be finished without you. What was connected before stays connected.",
               "Wait a few minutes, then look in {0} whether your account is connected. "
               "If it is not, start again from there."},
    ResultText{
        PageKind::try_again, 503, "temporarily_unavailable", "calm",
        "{1^} cannot sign you in right now",
        "It says that the trouble will pass. Nothing was changed, and your sign-in is still open.",
        "Wait a moment, then try again. It works for a few minutes more."},
    ResultText{
        PageKind::code_refused, 410, "code_refused", "calm", "This sign-in took too long",
        "{1^} takes what it sent us only once and only for a short time, and did not take it "
        "any more. Nothing was changed.",
        "Go back to {0} and start again."},
    ResultText{
        PageKind::answer_mismatch, 403, "answer_mismatch", "alert",
        "This answer belongs to another sign-in",
        "What came back was not made for the sign-in that you began, so it was not used. "
        "Nothing was changed.",
        "Go back to {0} and start again. If you see this again, tell the people who run {0}, "
        "and give them the reference below."},
    ResultText{
        PageKind::identity_unproven, 403, "id_token_refused", "alert",
        "It could not be proven who signed in",
        "What {1} said of who you are cannot be relied on, so it was not used. "
        "Nothing was changed.",
        "Go back to {0} and start again. If you see this again, tell the people who run {0}, "
        "and give them the reference below."},
    ResultText{PageKind::cross_site_post, 403, "cross_site_post", "alert",
               "Another website pressed the button",
               "Only you may do that, on our own page, so nothing was done. "
               "Nothing was connected, and nothing is lost.",
               "If you want to connect an account, open the link that {0} gave you, and press the "
               "button there. If not, close this page."},
    ResultText{PageKind::bad_request, 400, "bad_request", "calm",
               "This address cannot be understood",
               "A part of it is missing or damaged. Nothing was connected, and nothing is lost.",
               "Go back to {0} and start again."},
    ResultText{PageKind::admin_consented, 200, "admin_consented", "done", "{1^} has your consent",
               "{1^} says that you allowed {0} for all people of the directory {2}. "
               "No account was connected by that.",
               "You can close this page. People connect their own accounts from {0}."},
    ResultText{
        PageKind::admin_consent_denied, 403, "admin_consent_denied", "calm", "No consent was given",
        "{1^} says that consent for your organization was declined, or that this account may "
        "not give it. Nothing was changed.",
        "If that is what you wanted, close this page. If not, open the link again "
        "and sign in as an administrator of the directory that is asked."},
    ResultText{PageKind::admin_consent_failed, 400, "admin_consent_failed", "alert",
               "The consent could not be recorded",
               "What {1} answered is not what {0} asked for. Here nothing was changed; "
               "whether {1} keeps your consent, its own pages show.",
               "Open the link again, and choose the directory that it is meant for. If this page "
               "comes again, give the reference below to the people who run {0}."},
    ResultText{PageKind::admin_consent_over, 410, "admin_consent_over", "calm",
               "This request for consent is not valid",
               "It is too old, or it was not made here. Nothing was changed.",
               "Ask {0} for a new link."},
    ResultText{PageKind::connection_ended, 410, "connection_ended", "calm",
               "There is nothing to renew any more",
               "This link was made to renew a connection of {0}, which was ended meanwhile. "
               "Nothing was connected.",
               "To connect again, go back to {0} and start there."},
    ResultText{PageKind::admin_consent_elsewhere, 409, "admin_consent_elsewhere", "alert",
               "This consent is for another directory",
               "{1^} says that you allowed {0} for the directory {2}, and this link asks for "
               "another one. Here nothing was changed; {1} keeps what you allowed there.",
               "Open the link again, and sign in as an administrator of the directory that {0} "
               "asked for. If it is {2} that is meant, ask {0} for a link of its own."},
};

consteval bool in_order() {
  for (std::size_t i = 0; i < kResults.size(); ++i) {
    if (static_cast<std::size_t>(kResults[i].kind) != i) return false;
  }
  return kResults.back().kind == PageKind::admin_consent_elsewhere;
}
static_assert(in_order());

const ResultText& text_of(PageKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return kResults[index < kResults.size() ? index
                                          : static_cast<std::size_t>(PageKind::bad_request)];
}

// What a sentence calls it by.
std::string_view label_of(const ShownAccount& account) {
  return account.address.empty() ? account.name : account.address;
}

void append_account(std::string& out, std::string_view title, const ShownAccount& account) {
  if (label_of(account).empty()) return;
  out += "<dt>";
  out += title;
  out += "</dt>";
  for (const std::string* part : {&account.name, &account.address}) {
    if (part->empty()) continue;
    out += "<dd>";
    append_value(out, *part);
    out += "</dd>";
  }
  if (account.directory.empty()) return;
  out += "<dd><small>Directory ";
  append_value(out, account.directory);
  out += "</small></dd>";
}

void append_accounts(std::string& out, const ResultPage& page) {
  if (page.kind != PageKind::connected && page.kind != PageKind::other_account) return;
  std::string accounts;
  append_account(accounts, "You signed in as", page.account);
  append_account(accounts, "Connected before", page.expected_account);
  if (!accounts.empty()) out += "<dl>" + accounts + "</dl>";
}

void append_link(std::string& out, std::string_view url, std::string_view attributes,
                 std::string_view text) {
  if (url.empty()) return;
  out += "<p><a";
  out += attributes;
  out += " href=\"";
  out += html_escape(url);
  out += "\">";
  out += text;
  out += "</a></p>";
}

void append_meaning(std::string& out, const ResultPage& page, std::span<const PageValue> values) {
  if (page.meaning.empty()) return;
  append_text(out, "<p>What {1} says means: <strong>", values, Markup::isolated);
  append_value(out, page.meaning);
  out += ".</strong></p>";
}

void append_missing(std::string& out, const ResultPage& page, std::span<const PageValue> values) {
  if (page.missing_scopes.empty()) return;
  append_text(out,
              "<p class=\"warning\"><strong>Not all that {0} asked for was given.</strong> "
              "Missing:",
              values, Markup::isolated);
  for (const auto& scope : page.missing_scopes) {
    out += " <code>";
    append_value(out, scope);
    out += "</code>";
  }
  out += "</p>";
}

void append_reference(std::string& out, const ResultPage& page) {
  out += "<p class=\"reference\">Reference: <code>";
  out += code_of(page.kind);
  out += "</code>";
  for (const std::string* part : {&page.detail, &page.reference}) {
    if (part->empty() || *part == code_of(page.kind)) continue;
    out += " <code>";
    append_value(out, *part);
    out += "</code>";
  }
  out += "</p>";
}

}  // namespace

int status_of(PageKind kind) {
  return text_of(kind).status;
}
std::string_view code_of(PageKind kind) {
  return text_of(kind).code;
}

std::optional<PageKind> kind_of(std::string_view code) {
  for (const ResultText& text : kResults) {
    if (text.code == code) return text.kind;
  }
  return std::nullopt;
}

std::string render_result_page(const ResultPage& page) {
  const ResultText& text = text_of(page.kind);
  const std::array values = {
      PageValue{page.organization, "the service you came from"},
      PageValue{page.provider_name, "the provider"},
      PageValue{label_of(page.account),
                page.kind == PageKind::connected ? "it" : "another account"},
      PageValue{label_of(page.expected_account), "the account you chose before"},
      PageValue{page.ends_at, ""},
  };
  std::string out;
  out.reserve(2048);
  begin_page(out, text.heading, text.tone, values);
  out += "<p>";
  append_text(out, text.happened, values, Markup::isolated);
  out += "</p>";
  append_meaning(out, page, values);
  append_accounts(out, page);
  append_missing(out, page, values);
  if (!page.ends_at.empty()) {
    append_text(
        out,
        "<p class=\"warning\"><strong>This works until {4} only.</strong> {1^} gave no lasting "
        "access. After that {0} has to ask you again.</p>",
        values, Markup::isolated);
  }
  out += "<p>";
  append_text(out, text.next, values, Markup::isolated);
  out += "</p>";
  append_link(out, page.try_again_url, " class=\"button\"", "Try again");
  append_link(out, page.return_url, "", "Go back without connecting");
  // On success a reference is noise, unless somebody wants to trace the request.
  if (page.kind != PageKind::connected || !page.reference.empty()) append_reference(out, page);
  end_page(out);
  return out;
}

}  // namespace postern
