// What points Google's own clients at a sandbox.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace aipress::sandbox {

enum class Client {
    Gcloud,
    Gsutil,
    Node,  // googleapis, @google-cloud/*
};
enum class ClientMode {
    Overrides,  // the client is given other addresses
    Proxy,      // it calls Google's; the sandbox is its proxy, and signs for Google's names
};

// Environment variables by name; an empty value: to be unset.
using Settings = std::vector<std::pair<std::string, std::string>>;

// `data`: the sandbox's folder; files that the settings name are written below it, and the client
// keeps its own state there. Errors: Unavailable for the disk.
[[nodiscard]] Result<Settings> client_settings(Client client, ClientMode mode,
                                               std::filesystem::path const& data,
                                               std::uint16_t port);

}  // namespace aipress::sandbox
