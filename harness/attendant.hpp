// Looks after durable realms between their turns: rings their alarms, and carries their messages among them and to
// other programs.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "peers.hpp"
#include "realm.hpp"

class Attendant {
public:
    // All outlive it. `host` is lent to each turn.
    Attendant(const Plugin& plugin, const jsep_host& host, Peers& peers)
        : plugin_(plugin), host_(host), peers_(peers) {}

    void add(const std::string& name, const DurableRealm& realm) { realms_[name] = &realm; }
    // Does what is due and tells in how many milliseconds something is next; -1: not by itself. Throws LibraryError
    // when a realm can't go on.
    int attend();
    // Does what is to do until `descriptor` can be read. Throws as `attend`.
    void wait_for(int descriptor);

private:
    void ring(const DurableRealm& realm);
    void take_out(const DurableRealm& realm);
    void deliver(const std::string& receiver, std::string_view datagram);
    void complain(const std::string& message);

    const Plugin& plugin_;
    const jsep_host& host_;
    Peers& peers_;
    std::map<std::string, const DurableRealm*> realms_;
    std::deque<Datagram> waiting_;
    // When a realm wants to be asked again, in milliseconds since 1970.
    double next_ = 0;
    std::string complaint_;
};
