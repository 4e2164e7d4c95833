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

import java.io.IOException;

/** A data connection that could not be had in single-port mode. The control connection goes on. */
public class SpsvException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int replyCode;

    /**
     * Creates the exception.
     *
     * @param message says what failed, with the server's text if there is one
     * @param replyCode the server's reply code, or 0 if it sent no reply
     */
    public SpsvException(final String message, final int replyCode) {
        super(message);
        this.replyCode = replyCode;
    }

    /**
     * Returns the code of the reply that was the reason, for example 504 of a data login that was refused.
     *
     * @return the reply code, or 0 if the server sent no reply
     */
    public int getReplyCode() {
        return replyCode;
    }
}
