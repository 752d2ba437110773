// The app itself in a directory: what its access tokens say.
#pragma once

#include "core/provider/catalogue.h"

namespace postern {

// learn.microsoft.com/entra/identity-platform/access-token-claims-reference: `tid`, `appid` (v1.0)
// or `azp` (v2.0), `oid` (of the service principal), `roles`, `idtyp` ("app"), `scp`, which is of
// people alone. `app_displayname` is Graph's.
[[nodiscard]] ApplicationToken microsoft_application_token(const Json& claims);

}  // namespace postern
