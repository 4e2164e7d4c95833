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
package net.spsv.gateway.remote;

import java.io.IOException;
import net.spsv.gateway.control.Log;
import net.spsv.gateway.control.Reply;

/** The server answered, and did not want to. */
public final class RemoteRefusalException extends IOException {

    private static final long serialVersionUID = 1L;

    RemoteRefusalException(final String what, final Reply reply, final String text) {
        super(what + ": " + Log.printable(reply.code() + " " + text));
    }
}
