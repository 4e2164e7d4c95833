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
/**
 * Single-port mode for Apache Commons Net: {@link net.spsv.client.SpsvFtpClient} and
 * {@link net.spsv.client.SpsvFtpsClient} take the place of {@code FTPClient} and {@code FTPSClient} and have one more
 * way to a data connection, {@code enterSinglePortPassiveMode()}.
 *
 * <p>Needs Commons Net 3.11 or later, which the jar does not bring, and nothing of FtpServer.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-rosenau-ftp-single-port-02">
 *      draft-rosenau-ftp-single-port-02</a>
 */
package net.spsv.client;
