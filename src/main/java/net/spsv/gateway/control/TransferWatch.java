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
package net.spsv.gateway.control;

/**
 * What a transfer under way has to do with the client's control connection, other than commands in their turn.
 *
 * <p>Threading: called by the session's thread.
 */
public interface TransferWatch {

    /** ABOR has come or the client has gone, maybe behind commands that are still to be served. */
    void interrupt();

    /**
     * Returns whether the transfer wants to know if the client is there.
     *
     * @return true if {@link #clientWasHeard()} is to be called when what has come by now was taken in
     */
    boolean isClientAskedFor();

    /** What had come was taken in; if the client had gone, {@link #interrupt()} was called before. */
    void clientWasHeard();
}
