#include "sandbox/dns/publisher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "sandbox/dns/dns_query.h"
#include "sandbox/dns/limits.h"

namespace aipress::sandbox::dns {

std::unique_ptr<Publisher> Publisher::start(Store& store, PublisherOptions const& options) {
    std::unique_ptr<Publisher> publisher(new Publisher(store, options.timing));
    Context const context(publisher->clock_, Deadline::never(), {});
    if (options.with_server) {
        auto server = NameServer::open(context, options.folder);
        if (server.ok()) {
            publisher->server_.emplace(server.release());
        } else {
            log::warning("no DNS query is answered: {}", server.error().message());
        }
    }
    publisher->publish_all(context);
    auto* const self = publisher.get();
    publisher->thread_ = std::jthread([self](std::stop_token const& stop) { self->run(stop); });
    return publisher;
}

Publisher::~Publisher() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void Publisher::publish(std::string const& dns_name) {
    {
        std::scoped_lock const lock(mutex_);
        names_.insert(dns_name);
    }
    changed_.notify_one();
}

void Publisher::run(std::stop_token const& stop) {
    Context const context(clock_, Deadline::never(), stop);
    while (!stop.stop_requested()) {
        auto names = next_names(stop);
        if (stop.stop_requested()) return;
        if (server_ && !server_->is_running()) {
            log::warning("the name server has ended; it is started again");
            publish_all(context);
        } else {
            if (names.empty()) names = unfinished_;
            if (!names.empty()) publish_names(context, names);
        }
    }
}

// Waits for names, or for when the server is to be looked at.
std::set<std::string> Publisher::next_names(std::stop_token const& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, patience_, [&] { return !names_.empty(); });
    if (!names_.empty() && timing_ == OperationTiming::Realistic) {
        lock.unlock();
        clock_.sleep_for(kRealisticPublication, stop);
        lock.lock();
    }
    return std::exchange(names_, {});
}

void Publisher::publish_all(Context const& context) {
    auto names = read<std::vector<std::string>>(
        store_, [](Transaction& transaction) { return list_served_names(transaction); });
    if (!names.ok()) {
        log::error("DNS zones cannot be read: {}", names.release_error().message);
        return;
    }
    auto const listed = names.release();
    publish_names(context, {listed.begin(), listed.end()});
}

Outcome<std::optional<ServedZone>> Publisher::hand_over(std::string const& name) {
    auto zone = TRY(read<std::optional<ServedZone>>(
        store_, [&](Transaction& transaction) { return read_served_zone(transaction, name); }));
    if (!server_) return zone;
    if (zone) {
        TRY(server_->put(*zone));
        zone->zone_file.clear();
    } else {
        server_->drop(name);
    }
    return zone;
}

Result<void> Publisher::bring_up(Context const& context) {
    auto started = server_->start(context);
    port_ = started.ok() ? server_->port() : std::uint16_t{0};
    return started;
}

void Publisher::publish_names(Context const& context, std::set<std::string> const& names) {
    std::vector<ServedZone> zones;
    std::vector<std::string> handed_over;
    unfinished_.insert(names.begin(), names.end());
    for (auto const& name : names) {
        auto outcome = hand_over(name);
        if (!outcome.ok()) {
            log::error("the DNS zone {}: {}", name, outcome.release_error().message);
        } else if (auto zone = outcome.release()) {
            handed_over.push_back(name);
            zones.push_back(std::move(*zone));
        } else {
            unfinished_.erase(name);
        }
    }
    if (server_) {
        auto const applied =
            server_->is_running() ? server_->apply(context, handed_over) : bring_up(context);
        // A zone that the server refuses is no reason to hold up the others.
        if (!applied.ok() && !context.stopped()) {
            log::error("the name server: {}", applied.error().message());
        }
    }
    if (!server_ || server_->is_running()) finish(context, zones);
    patience_ = unfinished_.empty() ? kSupervision : std::min(2 * patience_, kSupervisionMost);
}

// Whether the server answers what the zone is now; where there is none, nothing is waited for.
bool Publisher::is_answered(Context const& context, ServedZone const& zone) {
    if (!server_) return true;
    auto const serial = ask_serial(context, port_, zone.dns_name);
    if (serial.ok() && serial.value() == zone.serial) return true;
    if (!context.stopped()) {
        log::error("the name server does not answer for {} with serial {}: {}", zone.dns_name,
                   zone.serial,
                   serial.ok() ? std::to_string(serial.value()) : serial.error().message());
    }
    return false;
}

void Publisher::finish(Context const& context, std::vector<ServedZone> const& zones) {
    std::vector<ServedZone const*> done;
    for (auto const& zone : zones) {
        if (is_answered(context, zone)) done.push_back(&zone);
    }
    if (done.empty()) return;
    auto marked = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        for (auto const* const zone : done) {
            TRY(mark_done(transaction, zone->id, zone->last_change));
        }
        return Done();
    });
    if (!marked.ok()) {
        log::error("DNS changes: {}", marked.release_error().message);
        return;
    }
    for (auto const* const zone : done) unfinished_.erase(zone->dns_name);
}

}  // namespace aipress::sandbox::dns
