// The storage of durable realms in files: a directory that one program at a time may use.
#pragma once

#include <string>

#include "descriptor.hpp"

#include "jsep.h"

class RealmFiles {
public:
    // Makes the directory if there is none. Only its owner can read what realms keep. Throws StartError, also when
    // another program uses it.
    explicit RealmFiles(const std::string& directory);

    // The same directory for making checkpoints beside the program that uses it. Throws StartError, also when there is
    // none or another program makes checkpoints in it.
    static RealmFiles for_checkpoints(const std::string& directory);

    // Lent; lives as long as this.
    jsep_storage table() const;

private:
    RealmFiles(Descriptor directory, Descriptor lock);

    Descriptor directory_;
    Descriptor lock_;  // Of the one who makes checkpoints.
};
