#include "http/response.h"

#include <algorithm>
#include <array>

namespace aipress::http {

std::string_view reason_phrase(int status) {
    struct Reason {
        int status;
        std::string_view phrase;
    };
    static constexpr std::array kReasons{
        Reason{100, "Continue"},
        Reason{200, "OK"},
        Reason{201, "Created"},
        Reason{202, "Accepted"},
        Reason{204, "No Content"},
        Reason{206, "Partial Content"},
        Reason{301, "Moved Permanently"},
        Reason{302, "Found"},
        Reason{304, "Not Modified"},
        Reason{307, "Temporary Redirect"},
        Reason{308, "Permanent Redirect"},  // to Google's resumable uploads "Resume Incomplete"
        Reason{400, "Bad Request"},
        Reason{401, "Unauthorized"},
        Reason{403, "Forbidden"},
        Reason{404, "Not Found"},
        Reason{405, "Method Not Allowed"},
        Reason{408, "Request Timeout"},
        Reason{409, "Conflict"},
        Reason{411, "Length Required"},
        Reason{412, "Precondition Failed"},
        Reason{413, "Content Too Large"},
        Reason{416, "Range Not Satisfiable"},
        Reason{429, "Too Many Requests"},
        Reason{431, "Request Header Fields Too Large"},
        Reason{499, "Client Closed Request"},
        Reason{500, "Internal Server Error"},
        Reason{501, "Not Implemented"},
        Reason{502, "Bad Gateway"},
        Reason{503, "Service Unavailable"},
        Reason{504, "Gateway Timeout"},
    };
    auto const* const found = std::find_if(kReasons.begin(), kReasons.end(),
                                           [&](Reason const& one) { return one.status == status; });
    return found == kReasons.end() ? std::string_view() : found->phrase;
}

}  // namespace aipress::http
