// The entries of the catalogue, one file each.
#pragma once

#include "core/provider/catalogue.h"

namespace postern {

extern const Provider kMicrosoft;
extern const Provider kGithub;
extern const Provider kGithubApp;
extern const Provider kAtlassian;
extern const Provider kSlack;
extern const Provider kGoogle;
extern const Provider kHalopsa;
extern const Provider kCustom;

inline constexpr std::int64_t kDaySeconds = 86'400;

}  // namespace postern
