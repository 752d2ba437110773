#include "core/page/page.h"

#include <array>
#include <cstddef>
#include <doctest/doctest.h>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace {

using postern::PageKind;

constexpr std::string_view kHostile = "\"><script>alert('1')</script>&{0}";
constexpr std::string_view kEscaped =
    "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;{0}";

constexpr std::array<std::pair<PageKind, int>, 25> kStatuses = {{
    {PageKind::connected, 200},
    {PageKind::denied, 403},
    {PageKind::link_expired, 410},
    {PageKind::link_used, 410},
    {PageKind::link_unknown, 404},
    {PageKind::wrong_browser, 403},
    {PageKind::attempt_used_or_expired, 410},
    {PageKind::other_account, 409},
    {PageKind::provider_refused, 403},
    {PageKind::provider_unavailable, 502},
    {PageKind::integration_fault, 500},
    {PageKind::service_unavailable, 503},
    {PageKind::outcome_unknown, 503},
    {PageKind::try_again, 503},
    {PageKind::code_refused, 410},
    {PageKind::answer_mismatch, 403},
    {PageKind::identity_unproven, 403},
    {PageKind::cross_site_post, 403},
    {PageKind::bad_request, 400},
    {PageKind::admin_consented, 200},
    {PageKind::admin_consent_denied, 403},
    {PageKind::admin_consent_failed, 400},
    {PageKind::admin_consent_over, 410},
    {PageKind::connection_ended, 410},
    {PageKind::admin_consent_elsewhere, 409},
}};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  CHECK(start != std::string_view::npos);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + before.size());
  return std::string(text.substr(0, text.find(after)));
}

postern::ConsentPage consent() {
  return {.organization = "Contoso Desk",
          .provider_name = "Microsoft",
          .user_id = "ada@contoso.example",
          .scopes = {{"openid", "Know who you are"},
                     {"profile", "Know who you are"},
                     {"offline_access", "Keep access while you are away"},
                     {"Mail.Read", "Read your mail"},
                     {"Odd.Scope", ""}},
          .form_action = "abc",
          .expires_in_minutes = 9,
          .return_host = "desk.contoso.example"};
}

postern::ResultPage result(PageKind kind) {
  return {.kind = kind,
          .organization = "Contoso Desk",
          .provider_name = "Microsoft",
          .account = {.name = "Ada", .address = "ada@contoso.example", .directory = "d1r-1"},
          .expected_account = {.name = "Ada", .address = "grace@contoso.example", .directory = {}},
          .detail = "AADSTS65004",
          .reference = "8f2c41d0"};
}

// What holds for every page whatever it says.
void check_frame(const std::string& html) {
  CHECK(html.starts_with("<!doctype html><html lang=\"en\">"));
  CHECK(html.ends_with("</html>\n"));
  CHECK(count(html, "<h1>") == 1);
  CHECK(count(html, "<title>") == 1);
  CHECK(count(html, "<header>") == 1);
  CHECK(count(html, "<main ") == 1);
  CHECK(count(html, "<footer>") == 1);
  CHECK(contains(html, "<meta charset=\"utf-8\">"));
  CHECK(contains(html, "<meta name=\"viewport\""));
  CHECK(contains(html, "<meta name=\"robots\" content=\"noindex\">"));
  CHECK(contains(html, "<link rel=\"stylesheet\" href=\"../assets/postern.css\">"));
  CHECK_FALSE(contains(html, "<script"));
  CHECK_FALSE(contains(html, "<style"));
  CHECK_FALSE(contains(html, "style="));
  CHECK(count(html, "<bdi>") == count(html, "</bdi>"));
  CHECK(count(html, "<p") == count(html, "</p>"));
}

}  // namespace

TEST_CASE("the consent page names who asks for what, and for whom") {
  const std::string html = postern::render_consent_page(consent());
  check_frame(html);
  CHECK(between(html, "<title>", "</title>") ==
        "Give Contoso Desk access to your Microsoft account? - Postern");
  CHECK(contains(html, "<dd class=\"id\"><bdi>Contoso Desk</bdi></dd>"));
  CHECK(contains(html, "<dd class=\"id\"><bdi>ada@contoso.example</bdi></dd>"));
  CHECK(contains(html, "<dd class=\"id\"><bdi>desk.contoso.example</bdi></dd>"));
  CHECK(contains(html,
                 "<strong>Only continue if you began this yourself in <bdi>Contoso Desk</bdi>."
                 "</strong> If somebody sent you this link, close this page."));
  CHECK(contains(html, "To refuse, close this page"));
  CHECK(contains(html, "for 9 more minutes."));
}

TEST_CASE("the consent page has one form, which posts, and one button without autofocus") {
  const std::string html = postern::render_consent_page(consent());
  CHECK(count(html, "<form") == 1);
  CHECK(contains(html, "<form method=\"post\" action=\"abc\">"));
  CHECK(count(html, "<button") == 1);
  CHECK(contains(html, "<button type=\"submit\">Continue to <bdi>Microsoft</bdi></button>"));
  // A person who presses Enter on arrival has not decided anything.
  CHECK_FALSE(contains(html, "autofocus"));
  CHECK_FALSE(contains(html, "<a "));
}

TEST_CASE("scopes are shown in words, once, and verbatim where no words are known") {
  postern::ConsentPage page = consent();
  page.scopes = {{"openid", "Know who you are"},
                 {"Mail.Read", "Read your mail"},
                 {"email", "Know who you are"},
                 {"profile", "Know who you are"},
                 {"https://graph.example.com/Mail.Read", "Read your mail"},
                 {"https://api.example.com/act", "Act as you"},
                 {"Odd.Scope", ""},
                 {"Odd.Scope", ""},
                 {"User.Read.All", ""}};
  const std::string html = postern::render_consent_page(page);
  CHECK(count(html, "Know who you are") == 1);
  CHECK(contains(html,
                 "Know who you are <small><code>openid</code>, <code>email</code>, "
                 "<code>profile</code></small>"));
  CHECK(count(html, "Read your mail <small>") == 1);
  CHECK(contains(html, "<code>https://graph.example.com/<wbr>Mail.Read</code>"));
  CHECK(contains(html, "Act as you"));
  CHECK(count(html, "<li><code><bdi>Odd.Scope</bdi></code></li>") == 1);
  CHECK(contains(html, "<li><code><bdi>User.Read.All</bdi></code></li>"));
  CHECK(count(html, "<li>") == 5);

  page.scopes.clear();
  const std::string none = postern::render_consent_page(page);
  CHECK_FALSE(contains(none, "<ul"));
  CHECK(contains(none, "shows this in the next step"));
}

TEST_CASE("the time that is left reads well") {
  postern::ConsentPage page = consent();
  page.expires_in_minutes = 1;
  CHECK(contains(postern::render_consent_page(page), "for 1 more minute."));
  page.expires_in_minutes = 0;
  CHECK(contains(postern::render_consent_page(page), "for less than a minute."));
  page.expires_in_minutes = -5;
  CHECK(contains(postern::render_consent_page(page), "for less than a minute."));
}

TEST_CASE("without a return host the consent page does not speak of one") {
  postern::ConsentPage page = consent();
  page.return_host.clear();
  CHECK_FALSE(contains(postern::render_consent_page(page), "Afterwards"));
}

TEST_CASE("every field of the consent page is escaped") {
  const std::string hostile(kHostile);
  std::array<postern::ConsentPage, 7> pages;
  pages.fill(consent());
  pages[0].organization = hostile;
  pages[1].provider_name = hostile;
  pages[2].user_id = hostile;
  pages[3].scopes = {{hostile, ""}};
  pages[4].form_action = hostile;
  pages[5].return_host = hostile;
  pages[6].account = hostile;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    CAPTURE(i);
    const std::string html = postern::render_consent_page(pages[i]);
    check_frame(html);
    CHECK(contains(html, kEscaped));
    CHECK_FALSE(contains(html, kHostile));
  }
}

TEST_CASE("every field of a result page is escaped") {
  const std::string hostile(kHostile);
  std::array<postern::ResultPage, 11> pages;
  pages.fill(result(PageKind::other_account));
  pages[0].organization = hostile;
  pages[1].kind = PageKind::provider_refused;
  pages[1].provider_name = hostile;
  pages[2].account.address = hostile;
  pages[3].expected_account.name = hostile;
  pages[4].detail = hostile;
  pages[5].reference = hostile;
  pages[6].account.directory = hostile;
  pages[7].account.name = hostile;
  pages[8].ends_at = hostile;
  pages[9].try_again_url = hostile;
  pages[10].return_url = hostile;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    CAPTURE(i);
    const std::string html = postern::render_result_page(pages[i]);
    check_frame(html);
    CHECK(contains(html, kEscaped));
    CHECK_FALSE(contains(html, kHostile));
  }
}

TEST_CASE("each ending has its own page, title and code") {
  std::set<std::string> titles;
  std::set<std::string> headings;
  std::set<std::string_view> codes;
  for (const auto& [kind, status] : kStatuses) {
    CAPTURE(postern::code_of(kind));
    const std::string html = postern::render_result_page(result(kind));
    check_frame(html);
    CHECK(titles.insert(between(html, "<title>", "</title>")).second);
    CHECK(headings.insert(between(html, "<h1>", "</h1>")).second);
    CHECK(codes.insert(postern::code_of(kind)).second);
    CHECK(postern::status_of(kind) == status);
    CHECK_FALSE(contains(html, "<form"));
    CHECK_FALSE(contains(html, "{"));
  }
  CHECK(codes.size() == kStatuses.size());
}

TEST_CASE("a failure shows its code, the provider's and the reference; success only the account") {
  const std::string refused = postern::render_result_page(result(PageKind::provider_refused));
  CHECK(contains(refused, "<code>provider_refused</code>"));
  CHECK(contains(refused, "<code><bdi>AADSTS65004</bdi></code>"));
  CHECK(contains(refused, "<code><bdi>8f2c41d0</bdi></code>"));

  postern::ResultPage denied = result(PageKind::denied);
  denied.detail = "access_denied";
  CHECK(count(postern::render_result_page(denied), "access_denied") == 1);

  postern::ResultPage page = result(PageKind::connected);
  page.reference.clear();
  const std::string connected = postern::render_result_page(page);
  CHECK(contains(connected, "can now use <bdi>ada@contoso.example</bdi>"));
  CHECK(contains(connected, "You can close this page."));
  CHECK_FALSE(contains(connected, "Reference"));
}

TEST_CASE("the page about another account names both") {
  const std::string html = postern::render_result_page(result(PageKind::other_account));
  CHECK(contains(html, "You signed in with <bdi>ada@contoso.example</bdi>"));
  CHECK(contains(html, "is connected to <bdi>grace@contoso.example</bdi>"));
}

TEST_CASE("two accounts of one name are told apart by address and directory") {
  const std::string html = postern::render_result_page(result(PageKind::other_account));
  CHECK(contains(html,
                 "<dt>You signed in as</dt><dd><bdi>Ada</bdi></dd>"
                 "<dd><bdi>ada@contoso.example</bdi></dd>"
                 "<dd><small>Directory <bdi>d1r-1</bdi></small></dd>"));
  CHECK(contains(html,
                 "<dt>Connected before</dt><dd><bdi>Ada</bdi></dd>"
                 "<dd><bdi>grace@contoso.example</bdi></dd></dl>"));
}

TEST_CASE("access that nothing renews is told, and ways on are links") {
  postern::ResultPage page = result(PageKind::connected);
  CHECK_FALSE(contains(postern::render_result_page(page), "class=\"warning\""));
  page.ends_at = "2026-01-02 04:05 UTC";
  CHECK(contains(postern::render_result_page(page),
                 "<strong>This works until <bdi>2026-01-02 04:05 UTC</bdi> only.</strong>"));
  page = result(PageKind::try_again);
  CHECK_FALSE(contains(postern::render_result_page(page), "<a "));
  page.try_again_url = "https://login.example/?a=1&b=2";
  page.return_url = "https://app.example/?error=x&attempt=y";
  const std::string html = postern::render_result_page(page);
  CHECK(contains(html,
                 "<a class=\"button\" href=\"https://login.example/?a=1&amp;b=2\">Try again</a>"));
  CHECK(contains(html, "<a href=\"https://app.example/?error=x&amp;attempt=y\">"));
}

TEST_CASE("an ending is found again by its code") {
  for (const auto& [kind, status] : kStatuses) {
    CHECK(postern::kind_of(postern::code_of(kind)) == kind);
  }
  CHECK_FALSE(postern::kind_of("pending").has_value());
  CHECK_FALSE(postern::kind_of("").has_value());
}

TEST_CASE("pages that know nothing but their kind still make sentences") {
  for (const auto& [kind, status] : kStatuses) {
    CAPTURE(postern::code_of(kind));
    postern::ResultPage page;
    page.kind = kind;
    const std::string html = postern::render_result_page(page);
    check_frame(html);
    CHECK_FALSE(contains(html, "<bdi>"));
    CHECK_FALSE(contains(html, "{"));
    CHECK_FALSE(contains(html, "  "));
    CHECK_FALSE(contains(html, ">the "));
    CHECK_FALSE(contains(html, ". the "));
    CHECK_FALSE(contains(html, "our the "));
  }
}

TEST_CASE("a kind out of range is a bad request, not a crash") {
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is what is tried here.
  const auto kind = static_cast<PageKind>(200);
  CHECK(postern::code_of(kind) == "bad_request");
  CHECK(postern::status_of(kind) == 400);
  postern::ResultPage page;
  page.kind = kind;
  check_frame(postern::render_result_page(page));
}

TEST_CASE("the content security policy allows the style sheet, and a form to ourselves only") {
  const std::string head =
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
      "frame-ancestors 'none'; form-action ";
  CHECK(postern::content_security_policy(postern::PageForm::none) == head + "'none'");
  CHECK(postern::content_security_policy(postern::PageForm::to_self) == head + "'self'");
}

TEST_CASE("the page that goes on does so by itself and by a link, to an escaped URL") {
  const std::string html = postern::render_navigation_page(
      {.provider_name = "Microsoft",
       .url = "https://login.example/a?x=1&state=\"><script>;url='b'"});
  check_frame(html);
  const std::string_view escaped =
      "https://login.example/a?x=1&amp;state=&quot;&gt;&lt;script&gt;;url=&#39;b&#39;";
  CHECK(between(html, "<meta http-equiv=\"refresh\" content=\"0; url=", "\">") == escaped);
  CHECK(between(html, "href=\"https", "\">").insert(0, "https") == escaped);
  CHECK(contains(html, "Continue to <bdi>Microsoft</bdi></a>"));
  CHECK_FALSE(contains(html, "<form"));
  CHECK(postern::render_navigation_page({}).find("Continue to the provider") != std::string::npos);
}
