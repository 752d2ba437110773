#include <array>
#include <cstddef>

#include "core/base/text.h"
#include "core/page/layout.h"
#include "core/page/page.h"

namespace postern {
namespace {

bool shown_before(const std::vector<AskedScope>& scopes, std::size_t index) {
  const auto& asked = scopes[index];
  for (std::size_t i = 0; i < index; ++i) {
    if (scopes[i].scope == asked.scope ||
        (!asked.words.empty() && scopes[i].words == asked.words)) {
      return true;
    }
  }
  return false;
}

// One line for each thing that is asked, with the provider's own names for it below.
void append_scopes(std::string& out, const std::vector<AskedScope>& scopes) {
  out += "<ul class=\"scopes\">";
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (shown_before(scopes, i)) continue;
    const std::string_view words = scopes[i].words;
    out += "<li>";
    if (words.empty()) {
      out += "<code>";
      append_value(out, scopes[i].scope);
      out += "</code></li>";
      continue;
    }
    out += words;
    out += " <small>";
    std::string_view separator;
    for (std::size_t j = i; j < scopes.size(); ++j) {
      if (scopes[j].words != words) continue;
      out += separator;
      out += "<code>";
      // On a phone a URL is broken where a person would, not within a word.
      const std::size_t name = scopes[j].scope.rfind('/') + 1;
      out += html_escape(std::string_view(scopes[j].scope).substr(0, name));
      if (name > 0) out += "<wbr>";
      out += html_escape(std::string_view(scopes[j].scope).substr(name));
      out += "</code>";
      separator = ", ";
    }
    out += "</small></li>";
  }
  out += "</ul>";
}

void append_time_left(std::string& out, std::int64_t minutes) {
  out += "This link works once, for ";
  if (minutes < 1) {
    out += "less than a minute";
  } else {
    out += to_decimal(minutes);
    out += minutes == 1 ? " more minute" : " more minutes";
  }
  out += '.';
}

}  // namespace

std::string render_consent_page(const ConsentPage& page) {
  const std::array values = {
      PageValue{page.organization, "this service"},
      PageValue{page.provider_name, "the provider"},
      PageValue{page.user_id, ""},
      PageValue{page.return_host, ""},
      PageValue{page.form_action, ""},
      PageValue{page.account, ""},
  };
  std::string out;
  out.reserve(4096);
  const auto text = [&](std::string_view t) { append_text(out, t, values, Markup::isolated); };
  begin_page(out, "Give {0} access to your {1} account?", "ask", values);
  text(
      "<p>{0^} asks to use an account of yours at {1}. You choose the account in the next step.</p>"
      "<dl><dt>Who gets access</dt><dd class=\"id\">{0}</dd>");
  if (page.user_id.empty()) {
    text("<dt>For whom</dt><dd><strong>all of {0}</strong>, not one of its users</dd>");
  } else {
    text("<dt>For this user of {0}</dt><dd class=\"id\">{2}</dd>");
  }
  if (!page.account.empty()) {
    text("<dt>As the account named</dt><dd class=\"id\">{5}</dd>");
  }
  if (!page.return_host.empty()) {
    text("<dt>Afterwards you go to</dt><dd class=\"id\">{3}</dd>");
  }
  text("</dl><h2>What {0} will be able to do</h2>");
  if (page.scopes.empty()) {
    // Some providers decide by the app's registration, so only they can say.
    text("<p>{1^} shows this in the next step, before anything is shared.</p>");
  } else {
    append_scopes(out, page.scopes);
  }
  text(
      "<p class=\"warning\"><strong>Only continue if you began this yourself in {0}.</strong> "
      "If somebody sent you this link, close this page.</p><form method=\"post\" action=\"");
  append_text(out, "{4}", values, Markup::plain);
  text(
      "\"><button type=\"submit\">Continue to {1}</button></form>"
      "<p class=\"quiet\">To refuse, close this page: nothing is shared unless you continue. ");
  append_time_left(out, page.expires_in_minutes);
  out += "</p>";
  end_page(out);
  return out;
}

}  // namespace postern
