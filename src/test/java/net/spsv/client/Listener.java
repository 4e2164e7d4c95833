/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.client;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.commons.net.ProtocolCommandEvent;
import org.apache.commons.net.ProtocolCommandListener;

/** Keeps what a client tells its listeners, a line each: commands behind {@code > }, replies behind {@code < }. */
final class Listener implements ProtocolCommandListener {
    private final List<String> heard = new CopyOnWriteArrayList<>();

    List<String> heard() {
        return heard;
    }

    @Override
    public void protocolCommandSent(final ProtocolCommandEvent event) {
        heard.add("> " + event.getMessage().trim());
    }

    @Override
    public void protocolReplyReceived(final ProtocolCommandEvent event) {
        heard.add("< " + event.getMessage().trim());
    }
}
