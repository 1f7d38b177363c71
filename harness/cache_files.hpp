// What installs make, kept as files of one directory for later starts.
#pragma once

#include <string>

#include "jsep.h"

class CacheFiles {
public:
    // `directory` is made if it is missing. `secret_file`, if given, holds the secret that entries are sealed with.
    // Throws StartError.
    CacheFiles(const std::string& directory, const std::string& secret_file);

    // For jsep_registry_set_cache; good as long as this.
    jsep_cache table() const;

private:
    std::string directory_;
    std::string secret_;
};
