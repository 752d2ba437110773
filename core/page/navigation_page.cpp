#include <array>

#include "core/base/text.h"
#include "core/page/layout.h"
#include "core/page/page.h"

namespace postern {

std::string render_navigation_page(const NavigationPage& page) {
  const std::array values = {PageValue{page.provider_name, "the provider"}};
  const auto url = html_escape(page.url);
  std::string out;
  out.reserve(2048 + 2 * url.size());
  begin_page(out, page.goes_back ? "Signed in" : "On to {0}", "calm", values,
             "<meta http-equiv=\"refresh\" content=\"0; url=" + url + "\">");
  out += page.goes_back ? "<p>Your application finishes the connection.</p>"
                        : "<p>You choose your account there.</p>";
  out += "<p><a class=\"button\" href=\"";
  out += url;
  out += "\">";
  append_text(out, page.goes_back ? "Continue" : "Continue to {0}", values, Markup::isolated);
  out += "</a></p>";
  end_page(out);
  return out;
}

}  // namespace postern
