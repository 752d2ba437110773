#include "core/page/page.h"

namespace postern {
namespace {

#define POSTERN_PAGE_POLICY                                                 \
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; " \
  "frame-ancestors 'none'; form-action "

}  // namespace

std::string_view content_security_policy(PageForm form) {
  return form == PageForm::to_self ? POSTERN_PAGE_POLICY "'self'" : POSTERN_PAGE_POLICY "'none'";
}

}  // namespace postern
